// Lines over the window, as ECharts is told to draw them, and the texts of their tooltips.
import "./page.js";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { option } from "../../dashboards/frontend/js/series.js";
import { inTooltip } from "../../dashboards/frontend/js/tooltip.js";
import { colours } from "./page.js";

const times = ["10:00", "10:30", "11:00", "11:30"].map((clock) => `2026-06-10T${clock}:00+00:00`);
const moments = times.map((time) => Date.parse(time));
const lines = [
  { name: "Sent", tone: "plain", values: [1, 2000, 3, 4], estimates: [1] },
  { name: "Failed", tone: "bad", values: [0, 0, null, 5], estimates: [] },
];
const spans = ["10:00 to 10:30", "10:30 to 11:00", "11:00 to 11:30", "11:30 to 12:00"];
const cut = { 0: null, 3: 1.5 };
const course = { lines, spans, times, marks: ["", "", "", ""], cut, running: 3, step: 1800 };

const drawn = (shape, width = 600) => option({ ...course, shape }, colours, width);

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
    assert.deepEqual(open.data[4], [moments[3], 6, false, 4]);
    assert.equal(open.data[0][1], null);
    assert.equal(open.symbol(open.data[4]), "emptyCircle");
    assert.equal(open.symbol(open.data[3]), "none");
  });

  test("is a hollow point where there is no more than the running step", () => {
    const alone = { ...course, times: times.slice(3), lines: [{ ...lines[0], values: [4] }] };
    const [, point] = option({ ...alone, cut: { 0: 1.5 }, shape: "line" }, colours, 600).series;
    assert.deepEqual(point.data, [[moments[3], 6, false, 4]]);
    assert.equal(point.symbol(point.data[0]), "emptyCircle");
  });

  test("has names that stay its own whatever the others are", () => {
    const ids = drawn("line").series.map(({ id }) => id);
    assert.deepEqual(ids, ["Sent complete", "Sent open", "Failed complete", "Failed open"]);
  });
});

test("bars at both ends are pale", () => {
  const [{ data }] = drawn("bar").series;
  const opacities = data.map(({ itemStyle }) => itemStyle.opacity);
  assert.ok(opacities[0] < opacities[1] && opacities[3] < opacities[2]);
  assert.deepEqual(data[1].value, [moments[1], 2000, true, 2000]);
  assert.deepEqual(data[3].value, [moments[3], 6, false, 4]);
});

test("the drawing begins below the legend, however many lines that has", () => {
  assert.ok(drawn("line", 80).grid.top > drawn("line", 600).grid.top);
});

describe("a tooltip", () => {
  const { formatter } = drawn("line").tooltip;
  const point = (seriesName, step, value, isEstimate = false) => {
    return { seriesName, marker: "●", value: [moments[step], value, isEstimate, value] };
  };

  test("names the step and every line once, though two pieces meet there", () => {
    const points = [
      point("Sent", 1, 2000, true),
      point("Sent", 1, 2000, true),
      point("Failed", 1, 0),
    ];
    assert.equal(formatter(points), "10:30 to 11:00\n● Sent  ≈ 2,000\n● Failed  0");
  });

  test("leaves out what is not known, or of another step", () => {
    assert.equal(
      formatter([point("Sent", 2, 3), point("Failed", 2, null)]),
      "11:00 to 11:30\n● Sent  3",
    );
    assert.equal(
      formatter([point("Sent", 2, 3), point("Failed", 3, 5)]),
      "11:00 to 11:30\n● Sent  3",
    );
  });

  test("says that the last step is still running", () => {
    assert.match(formatter([point("Sent", 3, 4)]), /^11:30 to 12:00 \(running\)\n/);
  });
});

describe("a name in a tooltip", () => {
  test("is wrapped at spaces, and within a word that is too long", () => {
    assert.equal(inTooltip("one two three four", 128, colours), "one two \nthree four");
    assert.equal(inTooltip("x".repeat(15), 100, colours), `${"x".repeat(12)}\nxxx`);
  });

  test("begins no markup", () => {
    assert.equal(inTooltip("{bold|x}", 600, colours), "{brace|{}bold|x}");
  });

  test("may be empty", () => {
    assert.equal(inTooltip("", 600, colours), "");
  });
});
