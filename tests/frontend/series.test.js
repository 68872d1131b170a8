// Lines over the window, as ECharts is told to draw them, and what is said of a step.
import "./page.js";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { markOf, symbolAt } from "../../dashboards/frontend/js/marks.js";
import { columnsFor } from "../../dashboards/frontend/js/multiples.js";
import { option, wordsAt } from "../../dashboards/frontend/js/series.js";
import { height } from "../../dashboards/frontend/js/symlog.js";
import { colours } from "./page.js";

const times = ["10:00", "10:30", "11:00", "11:30"].map((clock) => `2026-06-10T${clock}:00+00:00`);
const moments = times.map((time) => Date.parse(time));
const lines = [
  {
    key: "sent",
    name: "Sent",
    tone: "plain",
    mark: 0,
    total: "2,008",
    values: [1, 2000, 3, 4],
    estimates: [1],
  },
  {
    key: "failed",
    name: "Failed",
    tone: "bad",
    mark: 1,
    total: "5",
    values: [0, 0, null, 5],
    estimates: [],
  },
];
const spans = ["10:00 to 10:30", "10:30 to 11:00", "11:00 to 11:30", "11:30 to 12:00"];
const cut = { 0: null, 3: 1.5 };
const course = { lines, spans, times, marks: ["", "", "", ""], cut, running: 3, step: 1800 };

const drawn = (shape, width = 600) => option({ ...course, shape }, colours, { width, height: 300 });

/** Moments of a piece, as numbers of steps. */
const stepsOf = ({ data }) => data.map(([moment]) => moments.indexOf(moment));

describe("a line", () => {
  const [complete, open] = drawn("line").series;

  test("is whole where its steps are complete", () => {
    assert.deepEqual(stepsOf(complete), [1, 2]);
    assert.equal(complete.lineStyle.type, undefined);
  });

  test("is dashed at both ends, with a gap between", () => {
    assert.deepEqual(stepsOf(open), [0, 1, -1, 2, 3]);
    assert.equal(open.data[2][1], null);
    assert.ok(open.lineStyle.type);
  });

  test("is hollow, at its pace, where its step still runs, and not there where little is", () => {
    assert.deepEqual(open.data[4], [moments[3], 6]);
    assert.equal(open.data[0][1], null);
    assert.equal(open.symbol(open.data[4]), "circle");
    assert.equal(open.itemStyle.color, colours.card);
    assert.equal(open.symbol(open.data[3]), "none");
  });

  test("is a hollow point where there is no more than the running step", () => {
    const alone = { ...course, times: times.slice(3), lines: [{ ...lines[0], values: [4] }] };
    const [, point] = option({ ...alone, cut: { 0: 1.5 }, shape: "line" }, colours, {
      width: 600,
      height: 300,
    }).series;
    assert.deepEqual(point.data, [[moments[3], 6]]);
    assert.equal(point.symbol(point.data[0]), "circle");
  });

  test("has names that stay its own whatever the others are", () => {
    const ids = drawn("line").series.map(({ id }) => id);
    assert.deepEqual(ids, ["sent complete", "sent open", "failed complete", "failed open"]);
  });
});

test("bars at both ends are pale", () => {
  const [{ data }] = drawn("bar").series;
  const opacities = data.map(({ itemStyle }) => itemStyle.opacity);
  assert.ok(opacities[0] < opacities[1] && opacities[3] < opacities[2]);
  assert.deepEqual(data[1].value, [moments[1], 2000]);
  assert.deepEqual(data[3].value, [moments[3], 6]);
});

test("bars are stacked only where they are said to be", () => {
  assert.deepEqual(
    drawn("bar").series.map(({ stack }) => stack),
    [undefined, undefined],
  );
  assert.deepEqual(
    drawn("stacked").series.map(({ stack }) => stack),
    ["whole", "whole"],
  );
});

describe("small charts", () => {
  const { grid, yAxis, xAxis, series, title } = drawn("multiples", 1000);

  test("have each an axis of its own, from nothing on", () => {
    assert.deepEqual(
      yAxis.map(({ id, gridIndex, min }) => [id, gridIndex, min]),
      [
        ["sent", 0, 0],
        ["failed", 1, 0],
      ],
    );
    assert.deepEqual(
      series.map(({ yAxisIndex }) => yAxisIndex),
      [0, 0, 1, 1],
    );
    assert.equal(yAxis[0].max({ max: 0 }), 1);
  });

  test("say their names and totals", () => {
    assert.deepEqual(
      title.map(({ text }) => text),
      ["Sent", "2,008", "Failed", "5"],
    );
  });

  test("stand side by side within the chart, and name the hours below", () => {
    assert.ok(grid[0].left + grid[0].width < grid[1].left);
    assert.ok(grid[1].left + grid[1].width <= 1000);
    assert.ok(xAxis.every(({ axisLabel }) => axisLabel.show !== false));
    const [above, below] = drawn("multiples", 200).xAxis;
    assert.equal(above.axisLabel.show, false);
    assert.notEqual(below.axisLabel.show, false);
  });

  test("are as wide as can be read", () => {
    assert.equal(columnsFor(8, 1200, 300, colours), 4);
    assert.equal(columnsFor(8, 340, 480, colours), 2);
    assert.equal(columnsFor(3, 140, 300, colours), 1);
    assert.equal(columnsFor(0, 600, 300, colours), 1);
  });
});

describe("a logarithmic scale", () => {
  const { yAxis, series } = drawn("log");

  test("has a place for nothing, at the foot", () => {
    assert.equal(height(0), 0);
    assert.equal(height(null), null);
    assert.equal(yAxis.min, 0);
    assert.equal(yAxis.axisLabel.formatter(0), "0");
  });

  test("names powers of ten and draws values between them", () => {
    const named = yAxis.axisLabel.customValues.map(yAxis.axisLabel.formatter);
    assert.deepEqual(named, ["0", "1", "10", "100", "1K", "10K"]);
    const [, value] = series[0].data[0];
    assert.ok(height(1000) < value && value < height(10_000));
    assert.ok(yAxis.max >= value);
  });
});

describe("a mark", () => {
  test("is another one on each of eight lines", () => {
    const marks = Array.from({ length: 8 }, (_, number) => JSON.stringify(markOf(number)));
    assert.equal(new Set(marks).size, 8);
  });

  test("returns along the line, and is nowhere else", () => {
    const symbol = symbolAt(4, 94);
    const found = Array.from({ length: 94 }, (_, dataIndex) => symbol(0, { dataIndex }));
    assert.deepEqual(new Set(found), new Set(["none", "circle"]));
    assert.ok(found.filter((name) => name !== "none").length >= 6);
  });
});

describe("what is said of a step", () => {
  test("is its time, and every line's value", () => {
    assert.deepEqual(wordsAt(course, moments[1] + 60_000, colours), {
      head: "10:30 to 11:00",
      rows: [
        { name: "Sent", value: "≈ 2,000", colour: "blue" },
        { name: "Failed", value: "0", colour: "red" },
      ],
    });
  });

  test("leaves out what is not known", () => {
    const { rows } = wordsAt(course, moments[2], colours);
    assert.deepEqual(
      rows.map(({ name }) => name),
      ["Sent"],
    );
  });

  test("is that the last one is still running", () => {
    assert.equal(wordsAt(course, moments[3], colours).head, "11:30 to 12:00 (running)");
  });
});
