// Gridstack, which lets people drag and resize. It shows what it is told and tells what was done.
import { GridStack } from "gridstack";
import { byPlace, COLUMNS, flow, MAX, MIN } from "./layout.js";

const phone = matchMedia("(width < 768px)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export const isPhone = () => phone.matches;

export class Board {
  /** `changed` is called with the new items after somebody dragged or resized one. */
  constructor(element, changed) {
    this.element = element;
    this.items = [];
    this.changed = changed;
    this.columns = isPhone() ? 1 : COLUMNS;
    const rows = parseFloat(getComputedStyle(element).gridAutoRows) || 40;
    const gap = parseFloat(getComputedStyle(element).getPropertyValue("--lr-gap"));
    element.classList.add("grid-stack");
    this.grid = GridStack.init(
      {
        auto: false,
        animate: !calm.matches,
        cellHeight: rows,
        column: this.columns,
        draggable: { handle: ".lr-widget-head", scroll: true },
        margin: gap / 2,
        minRow: 1,
        resizable: { handles: "se" },
        alwaysShowResizeHandle: true,
      },
      element,
    );
    this.grid.on("dragstop resizestop", () => this.changed(this.read()));
    this.onWidth = () => this.turn();
    phone.addEventListener("change", this.onWidth);
  }

  cells() {
    return [...this.element.querySelectorAll(":scope > .lr-cell")];
  }

  cell(widget) {
    return this.cells().find(({ dataset }) => dataset.widget === widget);
  }

  /** Put every cell where the items say; cells without an item are taken away. */
  show(items) {
    this.items = items;
    const shown = this.columns === 1 ? stacked(items) : items;
    this.grid.batchUpdate();
    for (const cell of this.cells()) {
      if (!shown.some(({ widget }) => widget === cell.dataset.widget)) this.take(cell);
    }
    for (const { widget, x, y, w, h } of shown)
      this.make(this.cell(widget), { id: widget, x, y, w, h });
    this.grid.load(
      shown.map(({ widget, x, y, w, h }) => ({ id: widget, x, y, w, h })),
      false,
    );
    this.grid.batchUpdate(false);
  }

  make(cell, { id, ...place }) {
    if (cell.gridstackNode) return;
    cell.classList.add("grid-stack-item");
    cell.querySelector(".lr-widget").classList.add("grid-stack-item-content");
    this.grid.makeWidget(cell, {
      id,
      ...place,
      autoPosition: false,
      minW: this.columns === 1 ? 1 : MIN.w,
      minH: MIN.h,
      maxH: MAX.h,
    });
  }

  take(cell) {
    if (cell.gridstackNode) this.grid.removeWidget(cell, false, false);
    cell.remove();
  }

  /** What stands where now, in twelve columns. */
  read() {
    const nodes = new Map(this.grid.engine.nodes.map((node) => [node.id, node]));
    const seen = this.items.filter(({ widget }) => nodes.has(widget));
    if (this.columns === 1) return this.readStack(seen, nodes);
    return seen
      .map((item) => {
        const { x, y, w, h } = nodes.get(item.widget);
        return { ...item, x, y, w, h };
      })
      .sort(byPlace);
  }

  /** On a phone there are an order and heights; columns are as they were, or follow from the order. */
  readStack(items, nodes) {
    const tall = items.map((item) => ({ ...item, h: nodes.get(item.widget).h }));
    const order = [...tall].sort(
      (one, other) => nodes.get(one.widget).y - nodes.get(other.widget).y,
    );
    const was = [...tall].sort(byPlace);
    const isSame = order.every((item, index) => item === was[index]);
    const isGrown = tall.some((item, index) => item.h !== items[index].h);
    return isSame && !isGrown ? items : flow(order);
  }

  /** The window has become a phone's, or no longer is. */
  turn() {
    this.columns = isPhone() ? 1 : COLUMNS;
    this.grid.column(this.columns, "none");
    for (const cell of this.cells())
      this.grid.update(cell, { minW: this.columns === 1 ? 1 : MIN.w });
    this.show(this.items);
  }

  end() {
    phone.removeEventListener("change", this.onWidth);
    this.grid.destroy(false);
    this.element.classList.remove("grid-stack", "grid-stack-animate", "grid-stack-1");
    this.element.removeAttribute("style");
    for (const cell of this.cells()) {
      cell.classList.remove(
        "grid-stack-item",
        "ui-draggable",
        "ui-resizable",
        "ui-resizable-autohide",
      );
      cell.querySelector(".lr-widget").classList.remove("grid-stack-item-content");
      cell.querySelectorAll(":scope > .ui-resizable-handle").forEach((handle) => handle.remove());
      cell.removeAttribute("style");
      for (const name of cell.getAttributeNames())
        if (name.startsWith("gs-")) cell.removeAttribute(name);
    }
  }
}

function stacked(items) {
  let bottom = 0;
  return [...items].sort(byPlace).map((item) => {
    const y = bottom;
    bottom += item.h;
    return { ...item, x: 0, y, w: 1 };
  });
}
