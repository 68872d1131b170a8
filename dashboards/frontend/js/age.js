// How old the numbers are, and what to say when they stop coming.
import { formatSeconds, timeZone } from "./format.js";
import { text } from "./texts.js";

const STALE_SECONDS = 10;

let line;
let banner;

export function startAge(report) {
  line = report.querySelector("#lr-age");
  banner = report.querySelector("#lr-banner");
  line.querySelector("[data-zone]").textContent = text("time_zone", { zone: timeZone });
  showAge(line.dataset.asOf, Number(line.dataset.lag));
}

/** The numbers are as of `moment`, which was `lag` seconds before the server answered. */
export function showAge(moment, lag) {
  const time = formatSeconds(new Date(moment));
  const behind = text("behind", { seconds: Math.round(lag) });
  line.querySelector("[data-age]").textContent = `${text("as_of", { time })} · ${behind}`;
  line.dataset.state = lag > STALE_SECONDS ? "stale" : "fresh";
  showBanner("");
}

/** No answer since `date`: the numbers on the page stay, but they stand still. */
export function showUnreachable(date) {
  line.dataset.state = "lost";
  showBanner(text("unreachable", { time: formatSeconds(date) }));
}

/** Nothing more will come; reloading is the way on. */
export function showEnded(key) {
  line.dataset.state = "lost";
  showBanner(text(key));
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = text("reload");
  banner.append(" ", link);
}

function showBanner(message) {
  if (banner.textContent !== message) banner.textContent = message;
  banner.hidden = !message;
}
