// What a drag over a chart asks for: whole steps of the last 24 hours, a few minutes at least.
import "./page.js";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { paced, whole } from "../../dashboards/frontend/js/steps.js";
import { spanOf } from "../../dashboards/frontend/js/zoom.js";

const asOf = Date.parse("2026-06-10T12:07:30Z");
const at = (time) => Date.parse(`2026-06-10T${time}:00Z`);
const clocks = (span) => span.map((moment) => new Date(moment).toISOString().slice(8, 16));
const asked = (one, other, step = 900) => clocks(spanOf(at(one), at(other), step, asOf));

describe("a span", () => {
  test("begins and ends with the steps that were touched", () => {
    assert.deepEqual(asked("10:20", "11:05"), ["10T10:15", "10T11:15"]);
    assert.deepEqual(asked("10:20", "11:05", 300), ["10T10:20", "10T11:05"]);
  });

  test("is the same from right to left", () => {
    assert.deepEqual(asked("11:05", "10:20"), asked("10:20", "11:05"));
  });

  test("has three minutes at least", () => {
    assert.deepEqual(asked("10:20", "10:21", 60), ["10T10:20", "10T10:23"]);
    assert.deepEqual(asked("12:07", "12:08", 60), ["10T12:05", "10T12:08"]);
  });

  test("stays within the last 24 hours", () => {
    assert.deepEqual(asked("12:01", "12:20"), ["10T12:00", "10T12:08"]);
    const day = spanOf(at("12:00") - 86_400_000, at("12:30"), 900, asOf);
    assert.deepEqual(clocks(day), ["09T12:09", "10T12:08"]);
  });
});

describe("steps that are cut", () => {
  test("are drawn at their pace, or not at all", () => {
    assert.deepEqual(paced([1, 2, 3, null], { 0: null, 2: 1.5, 3: 2 }), [null, 2, 4.5, null]);
    assert.deepEqual(paced([1, 2]), [1, 2]);
  });

  test("are at the ends", () => {
    assert.deepEqual(whole(4, { 0: 2, 2: 3, 3: null }), [1, 2]);
    assert.deepEqual(whole(4), [0, 4]);
    assert.deepEqual(whole(1, { 0: 1 }), [0, 0]);
  });
});
