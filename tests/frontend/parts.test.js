// Shares, as ECharts is told to draw them.
import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { option, wordsOf } from "../../dashboards/frontend/js/parts.js";
import { colours } from "./page.js";

const slices = [
  { name: "Lost\n at sea", tone: "bad", shade: 0, value: 3, text: "≈ 3", share: "≈ 75,0 %" },
  { name: "Eaten", tone: "plain", shade: 0, value: 1, text: "1", share: "" },
];
const frame = { slices, total: "4", whole: 4, label: "Lost", note: "Total 4", estimate: false };
const drawn = (shape, more) => option({ ...frame, ...more, shape }, colours, { width: 200 });

test("a donut of nothing is an empty ring with its 0", () => {
  const { series, title } = drawn("donut", { whole: 0, total: "0" });
  assert.deepEqual(series[0].data, []);
  assert.equal(title.text, "0");
});

test("a total too long for the hole is shortened", () => {
  assert.equal(drawn("donut").title.text, "4");
  const long = drawn("donut", { total: "8,750,000,245", whole: 8_750_000_245 });
  assert.equal(long.title.text, "8.8B");
});

test("numbers and shares are written as the table has them", () => {
  const { label } = drawn("bar").series[0];
  assert.equal(label.formatter({ dataIndex: 0 }), "≈ 3 · ≈ 75,0 %");
  assert.equal(label.formatter({ dataIndex: 1 }), "1");
  assert.deepEqual(wordsOf(slices[0], colours).rows, [
    { name: "Lost at sea", value: "≈ 3 · ≈ 75,0 %", colour: "red" },
  ]);
});
