// The widgets' cells while they are edited: fetched as HTML, and furnished with what arranges them.
import { fill } from "../fill.js";
import { hiddenOf } from "../hidden.js";
import { askForHtml, Trouble } from "../server.js";

/** A cell of the page as an item of the layout. */
export function itemOf(cell) {
  const { widget, picture, x, y, w, h } = cell.dataset;
  const place = { x: Number(x), y: Number(y), w: Number(w), h: Number(h) };
  return { widget, ...place, picture, hidden: hiddenOf(cell) };
}

export function titleOf(cell) {
  return cell.querySelector("h2").textContent;
}

/** A widget's cell, shown as some picture; `Trouble` where the server has none. */
export async function fetchCell(report, url, picture) {
  const address = new URL(url, location.href);
  address.searchParams.set("picture", picture);
  const holder = document.createElement("template");
  holder.innerHTML = await askForHtml(report, address);
  const cell = holder.content.querySelector(".lr-cell");
  if (!cell) throw new Trouble("odd");
  return cell;
}

/** The handle, the cross, and the menu's entries that arrange. */
export function equip(cell, texts) {
  const head = cell.querySelector(".lr-widget-head");
  head.prepend(tool("handle", cell, texts));
  head.append(tool("remove", cell, texts));
  cell.querySelector(".lr-menu").append(copyOf("lr-arrange"));
}

/** The cell as it was before it was equipped. */
export function strip(cell) {
  const tools = cell.querySelectorAll("[data-handle], [data-do=remove], .lr-arrange");
  tools.forEach((part) => part.remove());
}

function tool(name, cell, texts) {
  const button = copyOf(`lr-${name}`);
  button.setAttribute("aria-label", fill(texts[name], { title: titleOf(cell) }));
  return button;
}

function copyOf(template) {
  return document.getElementById(template).content.firstElementChild.cloneNode(true);
}
