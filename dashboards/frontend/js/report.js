// The live report's page: everything here enhances HTML that is complete without it.
import { showTrouble, startAge } from "./age.js";
import { drawCharts } from "./charts.js";
import { startCues } from "./cues.js";
import { keepFocus } from "./focus.js";
import { startForms } from "./forms.js";
import { startKiosk } from "./kiosk.js";
import { hide, startLegends } from "./legend.js";
import { startModifying } from "./modify.js";
import { startNotes } from "./notes.js";
import { startPictures } from "./pictures.js";
import { applyPlaces } from "./places.js";
import { startPolling } from "./poll.js";
import { startPopovers } from "./popovers.js";
import { startPrinting } from "./print.js";
import { startSorting } from "./sort.js";
import { startSwitcher } from "./switch.js";
import { onThemeChange } from "./theme.js";
import { noteZone } from "./zone.js";
import { startZooming } from "./zoom.js";

function start() {
  const report = document.getElementById("lr-report");
  if (!report) return;
  const isPaper = "paper" in report.dataset; // it stands still
  const isWall = !isPaper && report.dataset.kiosk !== "0"; // nobody is there to press anything
  const tables = isPaper || isWall ? [] : [startCues, startSorting, startNotes, keepFocus];
  const renewals = tables.map((begin) => begin(report));
  const page = {
    hide: (cell, hidden) => hide(report, cell, hidden),
    refresh: () => {
      if (!isPaper) applyPlaces(report, page.hide);
      drawCharts(report);
      for (const renew of renewals) renew();
    },
    trouble: (kind) => showTrouble(report, kind),
  };
  startPopovers(report);
  startForms(report);
  startPrinting(report);
  onThemeChange(() => drawCharts(report, { anew: true }));
  page.refresh();
  if (isPaper) return;
  startAge(report);
  startSwitcher(report);
  page.poll = startPolling(report, page.refresh);
  startPictures(report, page);
  startLegends(report, page);
  startModifying(report, page);
  startKiosk(report);
  startZooming(report);
  if (noteZone(report)) document.addEventListener("DOMContentLoaded", page.poll); // htmx is ready then
}

start();
