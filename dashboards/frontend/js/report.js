// The live report's page: everything here enhances HTML that is complete without it.
import { showTrouble, startAge } from "./age.js";
import { drawCharts } from "./charts.js";
import { startCues } from "./cues.js";
import { keepFocus } from "./focus.js";
import { startForms } from "./forms.js";
import { startKiosk } from "./kiosk.js";
import { startModifying } from "./modify.js";
import { startNotes } from "./notes.js";
import { startPictures } from "./pictures.js";
import { applyPlaces } from "./places.js";
import { startPolling } from "./poll.js";
import { startPopovers } from "./popovers.js";
import { startPrinting } from "./print.js";
import { startSorting } from "./sort.js";
import { onThemeChange } from "./theme.js";
import { noteZone } from "./zone.js";

function start() {
  const report = document.getElementById("lr-report");
  if (!report) return;
  const isWall = report.dataset.kiosk !== "0"; // nobody is there to press anything
  const tables = isWall ? [] : [startCues, startSorting, startNotes, keepFocus];
  const renewals = tables.map((begin) => begin(report));
  const refresh = () => {
    applyPlaces(report);
    drawCharts(report);
    for (const renew of renewals) renew();
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
  if (noteZone(report)) document.addEventListener("DOMContentLoaded", poll); // htmx is ready then
}

start();
