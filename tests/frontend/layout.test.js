// The editor's geometry. What the server's grid does as well is in geometry.json, for both.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import * as layout from "../../dashboards/frontend/js/editor/layout.js";

const { flow, settle, steps, stepsOnPhone } = layout;
const cases = JSON.parse(readFileSync(new URL("geometry.json", import.meta.url), "utf8"));

/** Items by name, each given as [x, y, w, h]. */
const itemsOf = (places) =>
  Object.entries(places).map(([widget, [x, y, w, h]]) => ({ widget, x, y, w, h, picture: "bar" }));

/** The reverse, as pairs: their order matters. */
const placesOf = (items) => items.map(({ widget, x, y, w, h }) => [widget, [x, y, w, h]]);

test("the limits are the server's", () => {
  const { COLUMNS: columns, ROWS: rows, MIN: min, MAX: max } = layout;
  assert.deepEqual({ columns, rows, min, max }, cases.limits);
});

describe("flowing", () => {
  for (const { name, sizes, places } of cases.flow) {
    test(name, () => {
      const items = sizes.map(([w, h], index) => ({ widget: `${index}`, x: 5, y: 5, w, h }));
      const found = flow(items).map(({ x, y, w, h }) => [x, y, w, h]);
      assert.deepEqual(found, places);
    });
  }
});

describe("settling", () => {
  for (const { name, wishes, settled } of cases.settle) {
    test(name, () => {
      const items = itemsOf(wishes);
      assert.deepEqual(placesOf(settle(items)), Object.entries(settled));
      assert.deepEqual(items, itemsOf(wishes), "what was given is as it was");
      assert.deepEqual(placesOf(settle(itemsOf(settled))), Object.entries(settled), "it rests");
    });
  }
});

describe("a step", () => {
  const page = { a: [0, 0, 6, 4], b: [6, 0, 6, 4], c: [0, 4, 12, 3], d: [0, 7, 4, 2] };

  /** Where everything is after one step of a widget; `undefined` where it leads nowhere. */
  const after = (name, widget, { places = page, kinds = steps } = {}) => {
    const items = itemsOf(places);
    const found = kinds[name](
      items,
      items.find((item) => item.widget === widget),
    );
    assert.deepEqual(items, itemsOf(places), "what was given is as it was");
    return found && Object.fromEntries(placesOf(found));
  };

  test("sideways changes places with the neighbour", () => {
    const swapped = { ...page, b: [0, 0, 6, 4], a: [6, 0, 6, 4] };
    assert.deepEqual(after("right", "a"), swapped);
    assert.deepEqual(after("left", "b"), swapped);
  });

  test("sideways goes one column where there is no neighbour", () => {
    assert.deepEqual(after("right", "d").d, [1, 7, 4, 2]);
  });

  test("sideways ends at the edges", () => {
    assert.equal(after("left", "a"), undefined);
    assert.equal(after("right", "b"), undefined);
    assert.equal(after("right", "c"), undefined);
  });

  test("up goes above what it stood on", () => {
    const found = { c: [0, 0, 12, 3], a: [0, 3, 6, 4], b: [6, 3, 6, 4], d: [0, 7, 4, 2] };
    assert.deepEqual(after("up", "c"), found);
  });

  test("down goes below what stood on it", () => {
    const found = { b: [6, 0, 6, 4], c: [0, 4, 12, 3], a: [0, 7, 6, 4], d: [0, 11, 4, 2] };
    assert.deepEqual(after("down", "a"), found);
  });

  test("up and down end at the first and the last", () => {
    assert.equal(after("up", "a"), undefined);
    assert.equal(after("down", "d"), undefined);
  });

  test("sizes change by one, within the limits", () => {
    assert.deepEqual(after("wider", "d").d, [0, 7, 5, 2]);
    assert.deepEqual(after("narrower", "d").d, [0, 7, 3, 2]);
    assert.deepEqual(after("taller", "d").d, [0, 7, 4, 3]);
    assert.equal(after("shorter", "d"), undefined);
    assert.equal(after("wider", "c"), undefined);
    assert.equal(after("taller", "a", { places: { a: [0, 0, 6, 24] } }), undefined);
    assert.equal(after("narrower", "a", { places: { a: [0, 0, 2, 4] } }), undefined);
  });

  test("one that grows at the right edge moves to the left", () => {
    assert.deepEqual(after("wider", "a", { places: { a: [6, 0, 6, 4] } }), { a: [5, 0, 7, 4] });
  });

  test("others make room for one that grows", () => {
    assert.deepEqual(after("taller", "a").c, [0, 5, 12, 3]);
  });

  test("on a phone up and down change the order alone", () => {
    const kinds = stepsOnPhone;
    assert.deepEqual(Object.keys(after("down", "a", { kinds })), ["b", "a", "c", "d"]);
    assert.deepEqual(Object.keys(after("up", "c", { kinds })), ["a", "c", "b", "d"]);
    assert.equal(after("up", "a", { kinds }), undefined);
    assert.equal(after("down", "d", { kinds }), undefined);
  });
});
