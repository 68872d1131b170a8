// How old the numbers are, and what to say when they stop coming.
import { alongside, formatSeconds } from "./format.js";
import { text } from "./texts.js";

const STALE_SECONDS = 10;

let line;
let banner;

export function startAge(report) {
  line = report.querySelector("#lr-age");
  banner = report.querySelector("#lr-banner");
  showAge(line.dataset.asOf, Number(line.dataset.lag));
}

/** The zone whose times the server writes. */
export function showZone(zone) {
  line.querySelector("[data-zone]").textContent = text("time_zone", { zone });
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
  showBanner(text("unreachable", { time: formatSeconds(alongside(line.dataset.asOf, date)) }));
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
  return text("as_of", { time: formatSeconds(line.dataset.asOf) });
}

function write(...parts) {
  line.querySelector("[data-age]").textContent = parts.join(" · ");
}

function showBanner(message) {
  if (banner.textContent !== message) banner.textContent = message;
  banner.hidden = !message;
}
