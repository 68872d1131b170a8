// Where the widgets stand and what is switched off in them, as the server last said it.

/** Move each cell to its place, and the cells into reading order; `hide` what is switched off. */
export function applyPlaces(report, hide) {
  if ("editing" in report.dataset) return;
  const part = report.querySelector("#lr-places");
  if (part.dataset.applied === part.dataset.digest) return;
  part.dataset.applied = part.dataset.digest;
  const places = JSON.parse(part.dataset.places);
  const cells = places.map(([id, x, y, w, h, hidden]) => {
    const cell = report.querySelector(`#${id}-widget`);
    if (cell && !("keeping" in cell.dataset)) hide(cell, hidden.split(" ").filter(Boolean));
    return placed(cell, [x, y, w, h]);
  });
  inOrder(report.querySelector("#lr-grid"), cells.filter(Boolean));
}

function placed(cell, [x, y, w, h]) {
  if (cell) Object.assign(cell.dataset, { x, y, w, h });
  return cell;
}

/** Readers and the Tab key follow the document, so its order is that of the page. */
export function inOrder(grid, cells) {
  if (cells.every((cell, index) => grid.children[index] === cell)) return;
  const focused = document.activeElement;
  grid.append(...cells);
  if (grid.contains(focused)) focused.focus({ preventScroll: true });
}
