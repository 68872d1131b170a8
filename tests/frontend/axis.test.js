// Labels of the axis of time: whole hours of the reader's clock and, where a day begins, the day.
import "./page.js";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { timeAxis } from "../../dashboards/frontend/js/axis.js";
import { colours } from "./page.js";

const pad = (number) => String(number).padStart(2, "0");

/** Moments each `minutes` after the one before, as a clock this far ahead of UTC shows them. */
function clock({ from, steps, minutes, ahead = () => 0 }) {
  return Array.from({ length: steps }, (_, index) => {
    const moment = Date.parse(from) + index * minutes * 60_000;
    const hours = ahead(moment);
    const shown = new Date(moment + hours * 3_600_000).toISOString().slice(0, 19);
    return `${shown}+${pad(hours)}:00`;
  });
}

/** What is written along an axis of this width, with the time of the place it is written at. */
function labels(times, width, marks = times.map(() => "")) {
  const moments = times.map((time) => Date.parse(time));
  const { axisLabel, axisTick } = timeAxis({ times, marks }, moments, colours, width);
  assert.deepEqual(axisLabel.customValues, axisTick.customValues);
  return axisLabel.customValues
    .toSorted((one, other) => one - other)
    .map((moment) => [times[moments.indexOf(moment)].slice(11, 16), axisLabel.formatter(moment)]);
}

const day = clock({ from: "2026-06-10T09:30:00Z", steps: 49, minutes: 30 });

describe("labels", () => {
  test("are as many as there is room for", () => {
    for (const width of [150, 300, 500, 900, 2000]) {
      assert.ok(labels(day, width).length <= Math.floor(width / 68), `${width}`);
    }
  });

  test("stand at whole hours that the distance divides", () => {
    const found = labels(day, 620).map(([, label]) => label);
    assert.deepEqual(found, [
      "12:00",
      "15:00",
      "18:00",
      "21:00",
      "Thu, Jun 11",
      "03:00",
      "06:00",
      "09:00",
    ]);
  });

  test("say the day once, where it begins", () => {
    const found = labels(day, 2000).filter(([, label]) => label.includes("Jun"));
    assert.deepEqual(found, [["00:00", "Thu, Jun 11"]]);
  });

  test("keep the day where there is room for nothing else", () => {
    assert.deepEqual(labels(day, 70), [["00:00", "Thu, Jun 11"]]);
  });

  test("are none between the places", () => {
    const { axisLabel } = timeAxis({ times: day, marks: [] }, day.map(Date.parse), colours, 900);
    assert.equal(axisLabel.formatter(Date.parse(day[0]) + 1), "");
  });
});

describe("where clocks change", () => {
  test("an hour that is there twice says which of the two it is", () => {
    const change = Date.parse("2026-10-25T01:00:00Z");
    const ahead = (moment) => (moment < change ? 2 : 1);
    const times = clock({ from: "2026-10-24T22:00:00Z", steps: 8, minutes: 30, ahead });
    const marks = times.map((time) => (time.slice(11, 13) === "02" ? `UTC${time.slice(19)}` : ""));
    const found = labels(times, 2000, marks).map(([, label]) => label);
    assert.deepEqual(found, ["00:00", "01:00", "02:00\nUTC+02:00", "02:00\nUTC+01:00"]);
  });

  test("a day whose midnight is skipped begins after it", () => {
    const change = Date.parse("2026-09-06T04:00:00Z");
    const ahead = (moment) => (moment < change ? 0 : 1);
    const from = "2026-09-06T00:00:00Z";
    const times = clock({ from, steps: 10, minutes: 60, ahead }).map(earlier);
    const found = labels(times, 2000);
    assert.deepEqual(found[4], ["01:00", "Sun, Sep 6"]);
  });
});

/** The clock of a place four hours behind: 04:00 UTC is midnight there. */
function earlier(time) {
  const shown = new Date(Date.parse(`${time.slice(0, 19)}Z`) - 4 * 3_600_000).toISOString();
  const ahead = Number(time.slice(20, 22));
  return `${shown.slice(0, 19)}-${pad(4 - ahead)}:00`;
}
