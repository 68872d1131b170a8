// A wall screen: everything as large as fits, one screenful after the other, one tab after the other.
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
  else next(report);
}

/** The following tab; with only one, back to its top. */
function next(report) {
  const tabs = [...report.querySelectorAll("#lr-tabs a")];
  const current = tabs.findIndex((tab) => tab.hasAttribute("aria-current"));
  const following = tabs[(current + 1) % tabs.length];
  if (!following || following === tabs[current]) scrollTo({ top: 0, behavior: "smooth" });
  else if (!document.querySelector("#lr-age[data-state=lost]")) location.replace(following.href);
}
