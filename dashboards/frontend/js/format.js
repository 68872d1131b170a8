// Numbers and times as the page's language writes them, in the reader's time zone.
const chosen = document.querySelector("[data-chosen-zone]")?.dataset.chosenZone;

/** The zone that the reader has chosen, else the browser's; UTC where that one is none. */
export const timeZone = known(chosen) ?? known(ownZone()) ?? "UTC";
export const isOwnZone = !chosen;
export const language = document.documentElement.lang || "en";

const count = new Intl.NumberFormat(language);
const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1, minimumFractionDigits: 1 });
const clock = time({ hour: "2-digit", minute: "2-digit" });
const seconds = time({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const moment = time({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const day = time({ weekday: "short", day: "numeric", month: "short" });

const clockParts = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });

/** Browsers on machines without a zone throw, or say nothing or `Etc/Unknown`. */
function ownZone() {
  try {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

function known(zone) {
  try {
    return zone && new Intl.DateTimeFormat("en", { timeZone: zone }) ? zone : undefined;
  } catch {
    return undefined;
  }
}

function time(options) {
  return new Intl.DateTimeFormat(language, { hourCycle: "h23", timeZone, ...options });
}

export const formatCount = (value) => count.format(value);
/** With the sign of an estimate, where it is one. */
export const formatMarked = (value, isEstimate) => markEstimate(formatCount(value), isEstimate);
export const markEstimate = (text, isEstimate) => `${isEstimate ? "≈ " : ""}${text}`;
export const formatShare = (fraction) => share.format(fraction);
export const formatShort = (value) => short.format(value);
export const formatClock = (date) => clock.format(date);
export const formatSeconds = (date) => seconds.format(date);
export const formatMoment = (date) => moment.format(date);
export const formatDay = (date) => day.format(date);

/** Milliseconds by which the reader's clock is ahead of UTC at this moment. */
export function offsetAt(date) {
  const minutes = clockParts.formatToParts(date).find(({ type }) => type === "timeZoneName").value;
  const [, sign, hour, minute] = minutes.match(/([+-])(\d+):(\d+)/) ?? [null, "+", 0, 0];
  return (sign === "-" ? -1 : 1) * (Number(hour) * 60 + Number(minute)) * 60_000;
}
