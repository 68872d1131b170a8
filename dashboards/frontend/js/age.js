// How old the numbers are, and what to say when they stop coming.
import { alongside, formatSeconds } from "./format.js";
import { text } from "./texts.js";

const STALE_SECONDS = 10;
/** The way on, where there is one. */
const LINKS = {
  signed_out: "log_in",
  other_user: "reload",
  gone: "first_tab",
  no_report: "campaigns",
  past: "whole_window",
  outdated: "reload",
};

let line;
let banner;
let isOutdated = false; // from then on until the page is loaded anew

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
  if (!isOutdated) showBanner("");
}

/** The numbers on the page stay, but they stand still: how far behind they are is not known. */
export function standStill() {
  line.dataset.state = "lost";
  write(asOf(), text("no_answer"));
}

/** What is wrong, since when (a date), and the way on. */
export function showTrouble(report, kind, { since = new Date(), elsewhere } = {}) {
  isOutdated ||= kind === "outdated";
  const isEditing = "editing" in report.dataset;
  const key = isEditing && ["signed_out", "other_user"].includes(kind) ? `${kind}_editing` : kind;
  const address = kind === "no_report" ? report.dataset.start : elsewhere;
  const link = LINKS[kind] && linkTo(kind, address ?? location.href);
  if (link && isEditing) Object.assign(link, { target: "_blank", rel: "noopener" });
  showBanner(text(key, { time: formatSeconds(alongside(line.dataset.asOf, since)) }), link);
}

/** The page's own address leads through the log-in page and back. */
function linkTo(kind, address) {
  const link = document.createElement("a");
  link.href = address;
  link.textContent = text(LINKS[kind]);
  return link;
}

function asOf() {
  return text("as_of", { time: formatSeconds(line.dataset.asOf) });
}

function write(...parts) {
  line.querySelector("[data-age]").textContent = parts.join(" · ");
}

/** Said once, however often it is found. */
function showBanner(message, link) {
  const parts = link ? [message, " ", link] : [message];
  if (banner.textContent !== parts.map((part) => part.textContent ?? part).join(""))
    banner.replaceChildren(...parts);
  banner.hidden = !message;
}
