// A wall screen: everything as large as fits, one screenful after the other, one tab after the other.
// Nobody is there to press: it goes only where a report is, and waits where it is while there is none.
import { fits, screenfuls } from "./screenfuls.js";
import { troubleAt } from "./server.js";

const LOWEST_ROW = 2.1; // of the size of the type
const HIGHEST_ROW = 120;
const MARGIN = 16; // below the last row

export function startKiosk(report) {
  const seconds = Number(report.dataset.kiosk);
  if (!seconds) return;
  const wall = report.querySelector("#lr-grid") ? new Wall(report) : new List(report);
  const arrange = () => wall.arrange();
  arrange();
  addEventListener("resize", arrange);
  report.addEventListener("htmx:afterSettle", arrange);
  setInterval(() => wall.advance(), seconds * 1000);
  report.addEventListener("lr:trouble", ({ detail: { kind, elsewhere } }) => {
    if (kind === "gone" || kind === "past") next(report, elsewhere);
  });
}

class Wall {
  constructor(report) {
    this.report = report;
    this.grid = report.querySelector("#lr-grid");
    this.head = report.querySelector(".lr-head");
    this.shown = 0; // which of the screenfuls
  }

  arrange() {
    this.show(Math.min(this.shown, this.starts().length - 1));
  }

  /** The rows with which the screenfuls begin. */
  starts() {
    const { first, others } = this.room();
    return screenfuls(this.boxes(), { first: first / this.lowest, others: others / this.lowest });
  }

  /** Where the widgets stand, in rows. */
  boxes() {
    return Array.from(this.grid.children, (cell) => {
      const [y, h] = [Number(cell.dataset.y), Number(cell.dataset.h)];
      return { cell, top: y, bottom: y + h };
    });
  }

  /** Pixels below the head; on the first screenful the tabs stand there, too. */
  room() {
    const first = innerHeight - this.top - MARGIN;
    return { first, others: innerHeight - this.head.offsetHeight - MARGIN };
  }

  get top() {
    return this.grid.getBoundingClientRect().top + scrollY;
  }

  /** The height of a row that can be read. */
  get lowest() {
    return LOWEST_ROW * parseFloat(getComputedStyle(document.documentElement).fontSize);
  }

  /** Some of the widgets, in rows so high that they fill the screen. */
  show(number) {
    this.shown = Math.max(0, number);
    const starts = this.starts();
    const start = starts[this.shown] ?? 0;
    const { first, others } = this.room();
    const room = this.shown ? others : first;
    const boxes = this.boxes();
    const isShown = (box) => fits(box, start, room / this.lowest);
    for (const box of boxes) box.cell.toggleAttribute("data-beyond", !isShown(box));
    const rows = Math.max(1, ...boxes.filter(isShown).map(({ bottom }) => bottom - start));
    const row = Math.floor(Math.min(Math.max(room / rows, this.lowest), HIGHEST_ROW));
    this.grid.style.gridAutoRows = `${row}px`;
    this.grid.style.marginBottom = starts.length > 1 ? `${innerHeight}px` : ""; // room to scroll
    const top = this.shown ? this.top + start * row - this.head.offsetHeight : 0;
    scrollTo({ top, behavior: "smooth" });
  }

  advance() {
    if (this.shown + 1 < this.starts().length) this.show(this.shown + 1);
    else next(this.report, location.href).then((stays) => stays && this.show(0));
  }
}

/** The campaigns: a page of them may be longer than the screen. */
class List {
  constructor(page) {
    this.page = page;
  }

  arrange() {} // its rows are as high as they are

  advance() {
    const { scrollTop, scrollHeight } = document.documentElement;
    const isAtEnd = scrollTop + innerHeight >= scrollHeight - 2;
    if (!isAtEnd) scrollBy({ top: innerHeight * 0.9, behavior: "smooth" });
    else next(this.page, location.href).then((stays) => stays && scrollTo({ top: 0 }));
  }
}

/** The following tab, or page of campaigns; with only one, `otherwise`. Whether we stay. */
async function next(report, otherwise) {
  const tabs = [...report.querySelectorAll(":is(#lr-tabs, #lr-pages) a")];
  const current = tabs.findIndex((tab) => tab.hasAttribute("aria-current"));
  const following = tabs[(current + 1) % tabs.length];
  const address = following && following !== tabs[current] ? following.href : otherwise;
  const trouble = await troubleAt(report, address);
  const isNews = address !== location.href || trouble === "outdated";
  const goes = ["", "outdated"].includes(trouble) && isNews;
  if (goes) location.replace(address);
  return !goes;
}
