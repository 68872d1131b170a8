// What a wall screen shows at a time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fits, screenfuls } from "../../dashboards/frontend/js/screenfuls.js";

const ROOM = { first: 500, others: 600 };
const box = (top, height) => ({ top, bottom: top + height });

test("what fits is one screenful", () => {
  assert.deepEqual(screenfuls([box(100, 200), box(100, 500), box(300, 300)], ROOM), [100]);
});

test("no box is cut: the first that does not fit begins the next", () => {
  const boxes = [box(0, 300), box(300, 300), box(300, 150), box(600, 250), box(850, 100)];
  const starts = screenfuls(boxes, ROOM);
  assert.deepEqual(starts, [0, 300, 850]);
  for (const one of boxes) {
    const shown = starts.filter((start, number) =>
      fits(one, start, number ? ROOM.others : ROOM.first),
    );
    assert.ok(shown.length >= 1, JSON.stringify(one));
  }
});

test("a box beyond all bounds has a screenful of its own", () => {
  assert.deepEqual(
    screenfuls([box(0, 100), box(100, 2_000), box(2_100, 50)], ROOM),
    [0, 100, 2_100],
  );
});

test("an empty tab has none", () => {
  assert.deepEqual(screenfuls([], ROOM), []);
});
