// What tells lines apart besides their colours: a shape that returns along each of them.
const SHAPES = {
  circle: "M8 6a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",
  rect: "M8 3h6v6h-6z",
  triangle: "M11 2l3.600 6.500h-7.200z",
  diamond: "M11 1.600l3.600 4.400l-3.600 4.400l-3.600-4.400z",
};
const NAMES = Object.keys(SHAPES);
const ALONG = 7; // on each line, about

/** The shape of a line's mark, and whether it is hollow; there are twice as many as shapes. */
export function markOf(number) {
  return {
    shape: NAMES[number % NAMES.length],
    isHollow: number % (2 * NAMES.length) >= NAMES.length,
  };
}

/** The mark's name for ECharts at each point of a line: at a few of them, and not where others have theirs. */
export function symbolAt(number, points) {
  const { shape } = markOf(number);
  const every = Math.max(1, Math.round(points / ALONG));
  const first = Math.round((number * every * 3) / 8) % every;
  return (_value, { dataIndex }) => (dataIndex % every === first ? shape : "none");
}

/** A piece of a line with its mark, for the list of lines. */
export function swatch(number, shape) {
  const svg = svgElement("svg", {
    class: "lr-swatch",
    viewBox: "0 0 22 12",
    "aria-hidden": "true",
  });
  const { shape: name, isHollow } = markOf(number);
  if (["bar", "stacked"].includes(shape)) svg.append(svgElement("path", { d: "M6 1h10v10H6z" }));
  else svg.append(svgElement("path", { d: "M0 6h22" }), svgElement("path", { d: SHAPES[name] }));
  if (isHollow) svg.classList.add("lr-hollow");
  return svg;
}

function svgElement(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
