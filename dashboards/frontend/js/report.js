// The live report's page: everything here enhances HTML that is complete without it.
import { startAge } from "./age.js";
import { drawCharts } from "./charts.js";
import { startPolling } from "./poll.js";
import { startPopovers } from "./popovers.js";
import { startPrinting } from "./print.js";
import { onThemeChange } from "./theme.js";
import { localiseTimes } from "./times.js";
import { startToggles } from "./toggles.js";

function start() {
  const report = document.getElementById("lr-report");
  if (!report) return;
  const refresh = () => {
    localiseTimes(report);
    drawCharts(report);
  };
  startAge(report);
  startPopovers(report);
  startToggles(report);
  startPrinting(report);
  onThemeChange(() => drawCharts(report, { anew: true }));
  refresh();
  startPolling(report, refresh);
}

start();
