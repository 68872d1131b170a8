// Numbers and times as the page's language writes them, in the browser's time zone.
export const language = document.documentElement.lang || "en";

const count = new Intl.NumberFormat(language);
const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
const clock = time({ hour: "2-digit", minute: "2-digit" });
const seconds = time({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const moment = time({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const day = time({ weekday: "short", day: "numeric", month: "short" });

function time(options) {
  return new Intl.DateTimeFormat(language, { hourCycle: "h23", ...options });
}

export const formatCount = (value) => count.format(value);
export const formatShort = (value) => short.format(value);
export const formatClock = (date) => clock.format(date);
export const formatSeconds = (date) => seconds.format(date);
export const formatMoment = (date) => moment.format(date);
export const formatDay = (date) => day.format(date);
export const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
