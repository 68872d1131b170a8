// Which lines are off.
import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { hiddenOf, shownOf, switched } from "../../dashboards/frontend/js/hidden.js";

test("a press switches a line off, and on again", () => {
  assert.deepEqual(switched(["sent"], "errors"), ["errors", "sent"]);
  assert.deepEqual(switched(["errors", "sent"], "errors"), ["sent"]);
});

test("a cell says what is off", () => {
  assert.deepEqual(hiddenOf({ dataset: { hidden: "errors sent" } }), ["errors", "sent"]);
  assert.deepEqual(hiddenOf({ dataset: { hidden: "" } }), []);
  assert.deepEqual(hiddenOf({ dataset: {} }), []);
});

test("what is off is not drawn, and what has no lines is as it was", () => {
  const lines = [{ key: "sent" }, { key: "errors" }];
  assert.deepEqual(shownOf({ lines }, ["sent", "gone"]).lines, [{ key: "errors" }]);
  const parts = { slices: [] };
  assert.equal(shownOf(parts, ["sent"]), parts);
});
