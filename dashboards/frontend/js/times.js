// Moments come in UTC; people read them in their own time zone.
import { formatMoment } from "./format.js";

export function localiseTimes(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    time.textContent = formatMoment(new Date(time.dateTime));
    time.removeAttribute("data-local");
  }
}
