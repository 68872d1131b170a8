// What the editor asks of the server.
import { askForHtml, Trouble } from "../server.js";

/** A widget's cell as HTML, shown as some picture. */
export async function fetchCell(report, url, picture) {
  const address = new URL(url, location.href);
  address.searchParams.set("picture", picture);
  const holder = document.createElement("template");
  holder.innerHTML = await askForHtml(report, address);
  const cell = holder.content.querySelector(".lr-cell");
  if (!cell) throw new Trouble("odd");
  return cell;
}

/** Whether a draft of mine is the arrangement that the server says was replaced. */
export function isSame(draft, { widgets, removed }) {
  return plain(draft) === plain({ widgets, removed });
}

function plain({ widgets, removed }) {
  const items = widgets.map(({ widget, x, y, w, h, picture }) => [widget, x, y, w, h, picture]);
  return JSON.stringify([items.sort(), [...removed].sort()]);
}
