// What each change makes of a draft.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Draft, firstChanged, isResized } from "../../dashboards/frontend/js/editor/draft.js";

const item = (widget, x, y, w, h, picture = "bar", hidden = []) => {
  return { widget, x, y, w, h, picture, hidden };
};
const items = [item("a", 0, 0, 12, 4), item("b", 0, 4, 6, 7), item("c", 6, 4, 6, 7)];
const base = [item("c", 0, 0, 6, 7, "donut"), item("a", 6, 0, 6, 3), item("z", 0, 7, 4, 3)];
const server = { mine: "m1", default: "d1", base, baseRemoved: ["b"], removed: ["z"] };

let draft;
beforeEach(() => {
  draft = new Draft(items, server);
});

test("it begins as what was saved", () => {
  assert.deepEqual(draft.state, { items, removed: ["z"], afresh: false });
  assert.equal(draft.history.isDirty, false);
});

test("a picture is of one widget", () => {
  assert.equal(draft.change(draft.pictured("b", "donut")), true);
  assert.deepEqual(
    draft.items.map(({ picture }) => picture),
    ["bar", "donut", "bar"],
  );
  assert.equal(draft.change(draft.pictured("b", "donut")), false);
});

test("lines switched off are of one widget", () => {
  assert.equal(draft.change(draft.hiding("b", ["sent"])), true);
  assert.deepEqual(
    draft.items.map(({ hidden }) => hidden),
    [[], ["sent"], []],
  );
  assert.deepEqual(draft.history.first.items, items);
});

test("what is removed is remembered, and the others fall", () => {
  draft.change(draft.without("a"));
  assert.deepEqual(draft.items, [item("b", 0, 0, 6, 7), item("c", 6, 0, 6, 7)]);
  assert.deepEqual(draft.state.removed, ["z", "a"]);
});

test("what is added stands below all others and is no longer removed", () => {
  draft.change(draft.withAdded({ widget: "z", picture: "table", w: 20, h: 3 }));
  assert.deepEqual(draft.items.at(-1), item("z", 0, 11, 12, 3, "table"));
  assert.deepEqual(draft.state.removed, []);
});

test("the first widget of an empty tab stands at the top", () => {
  const empty = new Draft([], server);
  assert.equal(empty.withAdded({ widget: "a", picture: "bar", w: 4, h: 3 }).items[0].y, 0);
});

test("everything can be as the layer below has it", () => {
  draft.change(draft.asBase());
  assert.deepEqual(draft.state, { items: base, removed: ["b"], afresh: true });
});

test("so can one widget; the others rest where they can", () => {
  const found = new Draft([item("b", 6, 0, 6, 2), item("c", 6, 2, 6, 2)], server).withBase("c");
  assert.deepEqual(found.items, [item("c", 0, 0, 6, 7, "donut"), item("b", 6, 0, 6, 2)]);
});

test("one that the layer below does not show stays where it is, as it is offered", () => {
  assert.equal(draft.change(draft.withBase("b")), false);
  const { x, y, picture } = draft.item("b");
  const offer = { widget: "b", picture, w: 12, h: 3 };
  assert.deepEqual(
    draft.withBase("b", offer).items.find(({ widget }) => widget === "b"),
    item("b", 0, y, 12, 3, picture),
  );
  assert.ok(x >= 0);
});

test("the focus goes to the widget after a removed one, or to the first", () => {
  assert.equal(draft.following("a").widget, "b");
  assert.equal(draft.following("c").widget, "a");
});

test("what the page could not fetch is left out, and a press of undo brings the rest back", () => {
  draft.change(draft.withAdded({ widget: "z", picture: "table", w: 4, h: 3 }));
  draft.leaveOut((widget) => ({ a: "bar", b: "donut", c: "bar" })[widget]);
  assert.deepEqual(
    draft.items.map(({ widget, picture }) => [widget, picture]),
    [
      ["a", "bar"],
      ["b", "donut"],
      ["c", "bar"],
    ],
  );
  assert.deepEqual(draft.state.removed, ["z"]);
  draft.history.undo();
  assert.deepEqual(draft.items, items);
});

describe("what is sent", () => {
  test("names the version that it builds on", () => {
    assert.equal(draft.toSave("mine").based_on, "m1");
    assert.equal(draft.toSave("everyone").based_on, "d1");
  });

  test("has every removed widget once", () => {
    draft.change({ removed: ["z", "z", "a"] });
    const { widgets, removed, afresh } = draft.toSave("mine");
    assert.deepEqual(
      { widgets, removed, afresh },
      { widgets: items, removed: ["z", "a"], afresh: false },
    );
  });
});

describe("what has changed", () => {
  test("is the first that moved or grew", () => {
    const moved = [items[0], { ...items[1], h: 8 }, { ...items[2], x: 5 }];
    assert.equal(firstChanged(moved, items).widget, "b");
    assert.equal(firstChanged(items, items), undefined);
  });

  test("is another size, or only another place", () => {
    assert.equal(isResized({ ...items[1], h: 8 }, items), true);
    assert.equal(isResized({ ...items[1], x: 3 }, items), false);
    assert.equal(isResized(item("new", 0, 0, 2, 2), items), false);
  });
});
