// A wall screen: everything as large as fits, one screenful after the other, one tab after the other.
// Nobody is there to press: it goes only where a report is, and waits where it is while there is none.
import { troubleAt } from "./server.js";

const LOWEST_ROW = 34;
const HIGHEST_ROW = 120;
const MARGIN = 16; // below the last row

export function startKiosk(report) {
  const seconds = Number(report.dataset.kiosk);
  if (!seconds) return;
  const grid = report.querySelector("#lr-grid");
  const arrange = () => fitRows(grid);
  arrange();
  addEventListener("resize", arrange);
  setInterval(() => advance(report), seconds * 1000);
  report.addEventListener("lr:trouble", ({ detail: { kind, elsewhere } }) => {
    if (kind === "gone" || kind === "past") next(report, elsewhere);
  });
}

/** Rows so high that the tab fills the screen, if that leaves them readable. */
function fitRows(grid) {
  const ends = Array.from(grid.children, ({ dataset: { y, h } }) => Number(y) + Number(h));
  const room = innerHeight - grid.getBoundingClientRect().top - scrollY - MARGIN;
  const row = room / Math.max(1, ...ends);
  grid.style.gridAutoRows = row >= LOWEST_ROW ? `${Math.floor(Math.min(row, HIGHEST_ROW))}px` : "";
}

function advance(report) {
  const page = document.documentElement;
  const isAtEnd = page.scrollTop + innerHeight >= page.scrollHeight - 2;
  if (!isAtEnd) scrollBy({ top: innerHeight * 0.9, behavior: "smooth" });
  else next(report, location.href);
}

/** The following tab; with only one, `otherwise`, or back to its top. */
async function next(report, otherwise) {
  const tabs = [...report.querySelectorAll("#lr-tabs a")];
  const current = tabs.findIndex((tab) => tab.hasAttribute("aria-current"));
  const following = tabs[(current + 1) % tabs.length];
  const address = following && following !== tabs[current] ? following.href : otherwise;
  const trouble = await troubleAt(report, address);
  const isNews = address !== location.href || trouble === "outdated";
  if (["", "outdated"].includes(trouble) && isNews) location.replace(address);
  else scrollTo({ top: 0, behavior: "smooth" });
}
