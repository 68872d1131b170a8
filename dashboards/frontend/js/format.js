// Numbers as the page's language writes them, and moments as the reader's clock shows them.
// The server alone knows the rules of time zones: it writes moments with the zone's offset,
// “2026-10-25T02:30:00+02:00”, and what stands before the offset is what the clock shows.
export const language = document.documentElement.lang || "en";

const count = new Intl.NumberFormat(language);
const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(language, {
  style: "percent",
  maximumFractionDigits: 1,
  minimumFractionDigits: 1,
});
const day = new Intl.DateTimeFormat(language, {
  timeZone: "UTC",
  weekday: "short",
  day: "numeric",
  month: "short",
});

export const formatCount = (value) => count.format(value);
/** With the sign of an estimate, where it is one. */
export const formatMarked = (value, isEstimate) => markEstimate(formatCount(value), isEstimate);
export const markEstimate = (text, isEstimate) => `${isEstimate ? "≈ " : ""}${text}`;
export const formatShare = (fraction) => share.format(fraction);
export const formatShort = (value) => short.format(value);

/** The calendar's day of a moment, to compare or to write. */
export const dayOf = (moment) => moment.slice(0, 10);
export const formatDay = (moment) => day.format(new Date(dayOf(moment)));
export const formatClock = (moment) => moment.slice(11, 16);
export const formatSeconds = (moment) => moment.slice(11, 19);
/** Minutes of the day that the clock shows. */
export const minutesOf = (moment) =>
  60 * Number(moment.slice(11, 13)) + Number(moment.slice(14, 16));

/** A date of the browser's as the server would write it with the offset that this moment has. */
export function alongside(moment, date) {
  const ahead = Date.parse(`${moment.slice(0, 19)}Z`) - Date.parse(moment.replace(/\.\d+/, ""));
  return new Date(date.getTime() + ahead).toISOString();
}
