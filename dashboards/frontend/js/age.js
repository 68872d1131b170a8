// How old the numbers are, and what to say when they stop coming.
import { formatSeconds, isOwnZone, timeZone } from "./format.js";
import { text } from "./texts.js";

const STALE_SECONDS = 10;

let line;
let banner;

export function startAge(report) {
  line = report.querySelector("#lr-age");
  banner = report.querySelector("#lr-banner");
  line.querySelector("[data-zone]").textContent = text("time_zone", { zone: timeZone });
  if (isOwnZone) noteZone();
  showAge(line.dataset.asOf, Number(line.dataset.lag));
}

/** Tell the server, which writes the exports and the next page. */
function noteZone() {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `livereport_zone=auto:${timeZone}; path=/; max-age=31536000; samesite=lax${secure}`;
}

/** The numbers are as of `moment`, which was `lag` seconds before the server answered. */
export function showAge(moment, lag) {
  line.dataset.asOf = moment;
  line.dataset.state = lag > STALE_SECONDS ? "stale" : "fresh";
  write(asOf(), text("behind", { seconds: Math.round(lag) }));
  showBanner("");
}

/** No answer since `date`: the numbers on the page stay, but they stand still. */
export function showUnreachable(date) {
  standStill();
  showBanner(text("unreachable", { time: formatSeconds(date) }));
}

/** Nothing more will come; reloading is the way on. */
export function showEnded(key) {
  standStill();
  showBanner(text(key));
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = text("reload");
  banner.append(" ", link);
}

/** How far behind the numbers are is no longer known. */
function standStill() {
  line.dataset.state = "lost";
  write(asOf());
}

function asOf() {
  return text("as_of", { time: formatSeconds(new Date(line.dataset.asOf)) });
}

function write(...parts) {
  line.querySelector("[data-age]").textContent = parts.join(" · ");
}

function showBanner(message) {
  if (banner.textContent !== message) banner.textContent = message;
  banner.hidden = !message;
}
