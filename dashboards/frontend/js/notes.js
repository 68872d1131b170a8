// What a number stands on, for the mouse, the keyboard and the finger: one tooltip for all.
// A note is written as a title, which is there without this script; it is taken when first shown.
const NOTED = "[title], [data-note]";
const LINK = "[data-events]"; // to the events behind a number
const GAP = 6;
const STEPS = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

/** Returns what to do with every news: the numbers are others, and each needs its way in. */
export function startNotes(report) {
  const tip = makeTip(report);
  const show = (element) => (element ? reveal(tip, element) : hide(tip));
  report.addEventListener("pointerover", ({ target, pointerType }) => {
    if (pointerType !== "touch") show(notedAt(target));
  });
  report.addEventListener("pointerleave", () => hide(tip));
  report.addEventListener("click", ({ target }) => show(notedAt(target)));
  report.addEventListener("focusin", ({ target }) => show(notedAt(target)));
  report.addEventListener("focusout", () => hide(tip));
  report.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide(tip);
    else if (event.key in STEPS) step(event);
    else if (event.key === "Enter") follow(event.target);
  });
  addEventListener("scroll", () => tip.anchor && place(tip), { capture: true, passive: true });
  return () => {
    if (tip.anchor && !tip.anchor.isConnected) hide(tip);
    for (const body of report.querySelectorAll(".lr-body")) letIn(body);
  };
}

function makeTip(report) {
  const tip = document.createElement("div");
  Object.assign(tip, { id: "lr-tip", popover: "manual", role: "tooltip" });
  report.after(tip); // beside the report: a popover within it belongs to a button
  return tip;
}

function notedAt(target) {
  const noted = target.closest(NOTED);
  return noted?.closest(".lr-body") ? noted : null;
}

function reveal(tip, element) {
  if (tip.anchor === element && tip.matches(":popover-open")) return;
  hide(tip);
  if (element.title) {
    element.dataset.note = element.title;
    element.removeAttribute("title");
  }
  tip.textContent = element.dataset.note;
  tip.anchor = element;
  element.setAttribute("aria-describedby", tip.id);
  tip.showPopover();
  place(tip);
}

function hide(tip) {
  tip.anchor?.removeAttribute("aria-describedby");
  tip.anchor = null;
  if (tip.matches(":popover-open")) tip.hidePopover();
}

function place(tip) {
  const { left, right, top, bottom } = tip.anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = tip;
  const start = Math.min(right - width, document.documentElement.clientWidth - width - GAP);
  const above = top - height - GAP;
  tip.style.left = `${Math.max(GAP, Math.min(start, left))}px`;
  tip.style.top = `${above > GAP ? above : bottom + GAP}px`;
}

/** Where a cell leads that has the focus. */
function follow(target) {
  if (target.matches("td, th")) target.querySelector(LINK)?.click();
}

/** One stop for a table, from where arrows lead on; a number that stands alone is a stop itself. */
function letIn(body) {
  for (const link of body.querySelectorAll(`table ${LINK}`)) link.tabIndex = -1; // or a thousand
  const cell =
    body.querySelector("tbody :is(td, th):is([title], [data-note])") ??
    body.querySelector(`tbody :is(td, th):has(${LINK})`);
  if (cell && !body.querySelector("[tabindex='0']")) enter(body, cell);
  for (const number of body.querySelectorAll(".lr-tiles [title]")) enter(body, number);
}

/** Whoever has an id keeps the focus without holding up the news. */
function enter(body, element) {
  element.tabIndex = 0;
  element.id ||= `${body.id}-at-${element.dataset.metric ?? "cell"}`;
}

function step(event) {
  const cell = event.target.closest(":is(td, th)[tabindex]");
  if (!cell || cell !== event.target) return;
  const next = nextNoted(cell, ...STEPS[event.key]);
  event.preventDefault();
  if (!next) return;
  const { id } = cell;
  cell.removeAttribute("id");
  cell.removeAttribute("tabindex");
  Object.assign(next, { tabIndex: 0, id });
  next.focus();
}

/** The next cell in this direction that has something to say. */
function nextNoted(cell, down, right) {
  const { rows } = cell.closest("table");
  let row = cell.parentElement.rowIndex;
  let column = cell.cellIndex;
  for (;;) {
    row += down;
    column += right;
    const found = rows[row]?.cells[column];
    if (!found) return null;
    if (found.matches(`${NOTED}, :has(${LINK})`)) return found;
  }
}
