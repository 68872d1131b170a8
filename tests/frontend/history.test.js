// Undo and redo.
import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../dashboards/frontend/js/editor/history.js";

const state = (name) => ({ items: [{ widget: name }], removed: [] });

test("what equals the present is no change", () => {
  const history = new History(state("a"));
  assert.equal(history.push(state("a")), false);
  assert.deepEqual(history.past, []);
});

test("undo goes back to the start, redo to the end", () => {
  const history = new History(state("a"));
  for (const name of ["b", "c"]) assert.equal(history.push(state(name)), true);
  assert.equal(history.undo(), true);
  assert.deepEqual(history.present, state("b"));
  assert.equal(history.undo(), true);
  assert.deepEqual(history.present, state("a"));
  assert.equal(history.undo(), false);
  assert.equal(history.redo(), true);
  assert.equal(history.redo(), true);
  assert.deepEqual(history.present, state("c"));
  assert.equal(history.redo(), false);
});

test("a change forgets what was undone", () => {
  const history = new History(state("a"));
  history.push(state("b"));
  history.undo();
  history.push(state("c"));
  assert.equal(history.redo(), false);
  history.undo();
  assert.deepEqual(history.present, state("a"));
});

test("it is dirty while the present is not what was saved, however it came about", () => {
  const history = new History(state("a"));
  assert.equal(history.isDirty, false);
  history.push(state("b"));
  assert.equal(history.isDirty, true);
  history.push(state("a"));
  assert.equal(history.isDirty, false);
});

test("amending replaces the present and leaves the past", () => {
  const history = new History(state("a"));
  history.push(state("b"));
  history.amend(state("c"));
  assert.deepEqual(history.present, state("c"));
  history.undo();
  assert.deepEqual(history.present, state("a"));
});
