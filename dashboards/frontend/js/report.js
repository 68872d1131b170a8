// The live report's page: everything here enhances HTML that is complete without it.
import { showTrouble, startAge } from "./age.js";
import { drawCharts } from "./charts.js";
import { startForms } from "./forms.js";
import { startKiosk } from "./kiosk.js";
import { startModifying } from "./modify.js";
import { startPictures } from "./pictures.js";
import { applyPlaces } from "./places.js";
import { startPolling } from "./poll.js";
import { startPopovers } from "./popovers.js";
import { startPrinting } from "./print.js";
import { onThemeChange } from "./theme.js";
import { noteZone } from "./zone.js";
import { startZooming } from "./zoom.js";

function start() {
  const report = document.getElementById("lr-report");
  if (!report) return;
  const refresh = () => {
    applyPlaces(report);
    drawCharts(report);
  };
  startAge(report);
  startPopovers(report);
  startForms(report);
  startPrinting(report);
  onThemeChange(() => drawCharts(report, { anew: true }));
  refresh();
  const poll = startPolling(report, refresh);
  const page = { poll, refresh, trouble: (kind) => showTrouble(report, kind) };
  startPictures(report, page);
  startModifying(report, page);
  startKiosk(report);
  startZooming(report);
  if (noteZone(report)) document.addEventListener("DOMContentLoaded", poll); // htmx is ready then
}

start();
