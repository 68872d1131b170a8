// The axis of time. Its places are moments, evenly; its labels are what the reader's clock shows
// there: whole hours (of a short window minutes) and, where a day begins, the day.
import { dayOf, formatClock, formatDay, minutesOf } from "./format.js";

const HOUR = 60; // minutes
const DISTANCES = [1, 2, 3, 4, 6, 12, 24].map((hours) => hours * HOUR);
const SHORT = 3 * HOUR; // in which labels are nearer to each other than an hour
const SHORT_DISTANCES = [1, 2, 5, 10, 15, 30];
const ROOM = 68; // for a label and the air around it

export function timeAxis({ times, marks, step }, moments, colours, width) {
  const labels = labelsOf(times, marks, Math.max(1, Math.floor(width / colours.size(ROOM))));
  const named = new Map([...labels].map(([index, label]) => [moments[index], label]));
  const customValues = [...named.keys()];
  return {
    type: "time",
    min: moments.at(0),
    max: moments.length > 1 ? moments.at(-1) : moments[0] + step * 1000,
    boundaryGap: false,
    axisLine: { lineStyle: { color: colours.line } },
    axisTick: { lineStyle: { color: colours.line }, customValues },
    axisLabel: {
      color: colours.quiet,
      hideOverlap: true,
      fontSize: colours.size(11),
      lineHeight: colours.size(14),
      customValues,
      formatter: (value) => named.get(value) ?? "",
    },
    splitLine: { show: false },
  };
}

/** What to write at which step: as many labels as there is room for. */
function labelsOf(times, marks, most) {
  const days = daysThatBegin(times);
  const isHour = (index, distance) =>
    minutesOf(times[index]) % distance === 0 && !isNear(times, index, days, distance);
  const at = (distance) =>
    [...times.keys()].filter((index) => days.has(index) || isHour(index, distance));
  const minutes = (Date.parse(times.at(-1)) - Date.parse(times[0])) / 60_000;
  const distances = minutes < SHORT ? [...SHORT_DISTANCES, ...DISTANCES] : DISTANCES;
  const distance = distances.find((one) => at(one).length <= most) ?? distances.at(-1);
  return new Map(
    at(distance).map((index) => [
      index,
      days.has(index) ? formatDay(times[index]) : hourLabel(times[index], marks[index]),
    ]),
  );
}

/** Where clocks change at midnight an hour may be too near to the day's label, which stays. */
function isNear(times, index, days, distance) {
  const minutes = (day) => Math.abs(Date.parse(times[day]) - Date.parse(times[index])) / 60_000;
  return [...days].some((day) => minutes(day) < 0.75 * distance);
}

/** A day begins once, at midnight or, where clocks skip that, after it. */
function daysThatBegin(times) {
  const days = times.map(dayOf);
  const begins = (index) =>
    index > 0 && days.slice(0, index).every((earlier) => earlier < days[index]);
  return new Set([...days.keys()].filter(begins));
}

/** An hour that is there twice says which of the two it is. */
function hourLabel(time, mark) {
  return mark ? `${formatClock(time)}\n${mark}` : formatClock(time);
}
