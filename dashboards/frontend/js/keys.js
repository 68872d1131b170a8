// The list of a chart's lines: a button for each, pressed while its line is there.
import { swatch } from "./marks.js";

export function showKeys(cell, { lines = [], shape }, hidden) {
  const list = cell?.querySelector(".lr-keys");
  if (!list) return;
  const names = JSON.stringify(lines.map(({ key, name, tone }) => [key, name, tone]));
  if (list.dataset.names !== names) {
    list.dataset.names = names;
    list.replaceChildren(...lines.map((line) => buttonOf(line, shape)));
  }
  for (const button of list.children) {
    button.setAttribute("aria-pressed", String(!hidden.includes(button.dataset.key)));
  }
}

function buttonOf({ key, name, tone, mark }, shape) {
  const button = document.createElement("button");
  button.type = "button";
  Object.assign(button.dataset, { key, tone });
  const label = document.createElement("span");
  label.textContent = name;
  button.append(swatch(mark, shape), label);
  return button;
}
