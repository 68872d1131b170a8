// On paper: light colours, and charts as wide as the page.
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
  const isWide = container.closest("[data-picture]").dataset.picture !== "donut";
  return isWide ? { width: 680, height: 230 } : { width: 150, height: 150 };
}

/** The printer's width is not known here, so the drawings must scale. */
function scaleWithPage(report) {
  for (const svg of report.querySelectorAll("[data-chart] svg")) {
    svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  }
}
