// On paper: light colours, and charts as wide as the page.
import { kinds } from "kinds.js";
import { drawCharts, resizeCharts } from "./charts.js";

export function startPrinting(report) {
  const root = document.documentElement;
  report.addEventListener("click", ({ target }) => target.closest("[data-print]") && print());
  addEventListener("beforeprint", () => {
    root.dataset.print = "";
    drawCharts(report, { anew: true });
    resizeCharts(sizeOnPaper);
    scaleWithPage(report);
  });
  addEventListener("afterprint", () => {
    delete root.dataset.print;
    drawCharts(report, { anew: true });
    resizeCharts();
  });
}

function sizeOnPaper(container) {
  const { kind } = container.closest("[data-kind]").dataset;
  return kinds[kind].paper(container.closest("[data-picture]").dataset.picture);
}

/** The printer's width is not known here, so the drawings must scale. */
function scaleWithPage(report) {
  for (const svg of report.querySelectorAll("[data-chart] svg")) {
    svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  }
}
