// From one campaign's report to another's: a list to search, beside the title.
import { askForHtml } from "./server.js";

const PATIENCE = 200; // milliseconds without a further key

export function startSwitcher(report) {
  const popover = report.querySelector("#lr-switcher");
  const input = popover.querySelector("input");
  const list = popover.querySelector("[data-list]");
  let asked = 0;
  let timer = 0;

  const fill = async () => {
    const mine = ++asked;
    const query = new URLSearchParams({ q: input.value });
    const html = await askForHtml(report, `${popover.dataset.url}&${query}`).catch(() => "");
    if (mine === asked && html) list.innerHTML = html;
  };
  // The title is replaced now and then: what leads here is found when it is pressed.
  report.addEventListener("click", (event) => {
    const { target, ctrlKey, metaKey, shiftKey } = event;
    if (!target.closest("#lr-switch") || ctrlKey || metaKey || shiftKey) return;
    event.preventDefault();
    open();
  });
  report.addEventListener("keydown", (event) => {
    if (event.key !== " " || !event.target.closest("#lr-switch")) return;
    event.preventDefault();
    open();
  });
  const open = () => {
    input.value = "";
    popover.togglePopover();
    if (!popover.matches(":popover-open")) return;
    input.focus();
    fill();
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(fill, PATIENCE);
  });
  popover.addEventListener("keydown", (event) => move(event, popover, input));
}

/** Arrows go through the list; Enter in the field takes the first. */
function move(event, popover, input) {
  const links = [...popover.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
  if (next !== undefined) {
    event.preventDefault();
    (links[next] ?? (next < 0 ? input : links.at(-1))).focus();
  } else if (event.key === "Enter" && event.target === input) {
    event.preventDefault();
    links[0].click();
  }
}
