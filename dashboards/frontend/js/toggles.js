// Chart or table: one button for each widget that has both.
import { text } from "./texts.js";

export function startToggles(report) {
  report.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-toggle]");
    if (button) toggle(button);
  });
}

function toggle(button) {
  const widget = button.closest("[data-widget]");
  const showTable = widget.dataset.view !== "table";
  widget.dataset.view = showTable ? "table" : "chart";
  const label = text(showTable ? "show_chart" : "show_table");
  button.setAttribute("aria-pressed", String(showTable));
  button.setAttribute("aria-label", label);
  button.title = label;
}
