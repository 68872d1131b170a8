// Tables that one can sort by any column; what is shown as one line for the rest stays last.
const DEFAULT = "descending";

/** Returns what to do with every news: the tables have new rows, and the wish stands. */
export function startSorting(report) {
  const wishes = new Map(); // id of a widget's body → { column, direction }
  report.addEventListener("click", ({ target }) => {
    const button = target.closest(".lr-sort");
    if (!button) return;
    const body = button.closest(".lr-body");
    wishes.set(body.id, nextWish(wishes.get(body.id), button.closest("th").cellIndex));
    show(body, wishes.get(body.id));
  });
  return () => {
    for (const body of report.querySelectorAll(".lr-body:has(.lr-table)")) {
      if (body.querySelector("tbody").rows.length < 2) continue;
      giveButtons(body);
      if (wishes.has(body.id)) show(body, wishes.get(body.id));
    }
  };
}

/** A column anew from the largest on, and the other way round when it is pressed again. */
function nextWish(wish, column) {
  const isAgain = wish?.column === column && wish.direction === DEFAULT;
  return { column, direction: isAgain ? "ascending" : DEFAULT };
}

/** The titles as buttons, whose ids let news come while one of them has the focus. */
function giveButtons(body) {
  for (const head of body.querySelectorAll("thead th:not(:has(.lr-sort))")) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "lr-sort" });
    button.id = `${body.id}-by-${head.cellIndex}`;
    button.append(...head.childNodes);
    head.append(button);
  }
}

function show(body, { column, direction }) {
  const heads = body.querySelectorAll("thead th");
  if (column >= heads.length) return;
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[column].setAttribute("aria-sort", direction);
  const rows = body.querySelector("tbody");
  rows.append(...sorted(Array.from(rows.rows), column, direction));
}

function sorted(rows, column, direction) {
  const sign = direction === "ascending" ? 1 : -1;
  const entries = rows.map((row) => ({ row, value: keyOf(row.cells[column]) }));
  const compareEntries = (a, b) =>
    ("rest" in a.row.dataset) - ("rest" in b.row.dataset) ||
    (a.value === null) - (b.value === null) ||
    sign * compare(a.value, b.value);
  return entries.sort(compareEntries).map(({ row }) => row);
}

/** A number, a text, or `null` where there is none: that is neither large nor small. */
function keyOf(cell) {
  const time = cell.querySelector("time");
  if (time) return time.dateTime;
  const holder = "value" in cell.dataset ? cell : cell.querySelector("[data-value]");
  if (!holder) return cell.textContent.trim() || null;
  return holder.dataset.value === "" ? null : Number(holder.dataset.value);
}

function compare(a, b) {
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), document.documentElement.lang);
}
