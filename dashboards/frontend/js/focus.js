// Focus on what a script has made of the server's markup: news bring the markup, so it is made
// again, and the focus belongs where it was.

/** Returns what to do after news, when all scripts have made theirs. */
export function keepFocus(report) {
  let held = null;
  report.addEventListener("htmx:oobBeforeSwap", ({ target }) => {
    const focused = document.activeElement;
    if (target.contains(focused)) held = placeOf(target, focused);
  });
  return () => {
    const place = held;
    held = null;
    if (place && document.activeElement === document.body) restore(place);
  };
}

function placeOf(body, { id, parentElement, cellIndex }) {
  const isCell = cellIndex !== undefined;
  return { body: body.id, id, cellIndex, row: isCell ? nameOf(parentElement) : null };
}

/** What a row is called, wherever it stands by now. */
const nameOf = (row) => row.querySelector("th")?.textContent ?? "";

function restore({ body, id, row, cellIndex }) {
  const first = document.getElementById(id);
  const rows = Array.from(document.getElementById(body)?.querySelectorAll("tr") ?? []);
  const cell = rows.find((found) => row !== null && nameOf(found) === row)?.cells[cellIndex];
  if (cell && first && cell !== first) {
    first.removeAttribute("id");
    first.removeAttribute("tabindex");
    Object.assign(cell, { tabIndex: 0, id });
  }
  (cell ?? first)?.focus({ preventScroll: true });
}
