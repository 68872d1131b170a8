// The lines of a chart as buttons: each can be switched off, and stays so.
import { drawChart } from "./charts.js";
import { hiddenOf, switched } from "./hidden.js";
import { keep } from "./server.js";

/** Outside the editor a choice is kept at once; in it, it belongs to the draft. */
export function startLegends(report, page) {
  report.addEventListener("click", ({ target }) => {
    const button = target.closest(".lr-keys button");
    if (button) toggle(report, page, button);
  });
}

function toggle(report, page, button) {
  const cell = button.closest(".lr-cell");
  const before = hiddenOf(cell);
  const hidden = switched(before, button.dataset.key);
  const detail = { widget: cell.dataset.widget, hidden };
  const isFree = report.dispatchEvent(new CustomEvent("lr:hide", { detail, cancelable: true }));
  if (!isFree) return;
  hide(report, cell, hidden);
  save(report, page, cell, before);
}

/** Have a widget leave out these metrics. */
export function hide(report, cell, hidden) {
  if (cell.dataset.hidden === undefined || cell.dataset.hidden === hidden.join(" ")) return;
  cell.dataset.hidden = hidden.join(" ");
  const chart = cell.querySelector("[data-chart]");
  if (chart) drawChart(report, chart);
}

/** One at a time, the latest last; what the server had is shown again where it refuses. */
async function save(report, page, cell, before) {
  if ("keeping" in cell.dataset) {
    cell.dataset.keeping = "again";
    return;
  }
  cell.dataset.keeping = "";
  const wanted = cell.dataset.hidden;
  try {
    const answer = await keep(report, urlOf(cell), { hidden: hiddenOf(cell) });
    if (answer.detail) hide(report, cell, before);
  } catch ({ kind }) {
    hide(report, cell, before);
    page.trouble(kind);
  }
  const isNewer = cell.dataset.keeping === "again" && cell.dataset.hidden !== wanted;
  delete cell.dataset.keeping;
  if (isNewer) await save(report, page, cell, wanted.split(" ").filter(Boolean));
}

const urlOf = (cell) => cell.querySelector(".lr-keys").dataset.url;
