// What is pointed at in a chart, in words: an element of the page, beside it and in its typeface.

const GAP = 12; // between what is pointed at and the words

/** Show `{ head, rows: [{ name, value, colour }] }` at a place in the chart's container. */
export function showTip(container, content, { x, y, beside = false }) {
  const tip = tipOf(container) ?? container.parentElement.appendChild(emptyTip());
  tip.replaceChildren(...wordsOf(content));
  tip.hidden = false;
  const room = container.parentElement.clientWidth;
  const left = beside
    ? container.offsetLeft + container.offsetWidth + 4
    : sideways(container.offsetLeft + x, tip.offsetWidth, room);
  const lowest = container.offsetTop + container.offsetHeight - tip.offsetHeight;
  const top = Math.min(container.offsetTop + y + (beside ? -tip.offsetHeight / 2 : GAP), lowest);
  tip.style.left = `${Math.max(0, Math.min(left, room - tip.offsetWidth))}px`;
  tip.style.top = `${Math.max(0, top)}px`;
}

/** A finger that points elsewhere is done with it. */
document.addEventListener("pointerdown", ({ target }) => {
  for (const tip of document.querySelectorAll(".lr-tip"))
    tip.hidden ||= !tip.parentElement.contains(target);
});

export function hideTip(container) {
  const tip = tipOf(container);
  if (tip) tip.hidden = true;
}

/** On the side of the pointer that has more room, so that it does not cover what comes next. */
function sideways(x, width, room) {
  return x < room / 2 ? x + GAP : x - GAP - width;
}

const tipOf = (container) => container.parentElement?.querySelector(":scope > .lr-tip");

/** The chart's sentence and its table say the same to those who listen. */
function emptyTip() {
  const tip = document.createElement("div");
  tip.className = "lr-tip";
  tip.setAttribute("aria-hidden", "true");
  return tip;
}

function wordsOf({ head, rows }) {
  const lines = rows.map(({ name, value, colour }) => {
    const line = element("div");
    const dot = element("span", "", "lr-dot");
    dot.style.background = colour;
    line.append(dot, element("span", name), element("b", value));
    return line;
  });
  return head ? [element("p", head), ...lines] : lines;
}

function element(tag, textContent = "", className = "") {
  return Object.assign(document.createElement(tag), { textContent, className });
}
