// One chart for each widget that has one: created once, kept, and given new data.
import { kinds } from "kinds.js";
import { init } from "./echarts.js";
import { hiddenOf, shownOf } from "./hidden.js";
import { showKeys } from "./keys.js";
import { optionOf } from "./options.js";
import { palette } from "./theme.js";
import { hideTip, showTip } from "./tip.js";

const charts = new Map(); // container → { chart, digest, frame, colours }
const panelsOf = new WeakMap(); // chart → the names of its small charts
const resizes = new ResizeObserver((entries) => entries.forEach(({ target }) => fit(target)));

/** Draw every chart whose data is new, or all of them `anew`. */
export function drawCharts(report, { anew = false } = {}) {
  const colours = palette(report);
  for (const container of report.querySelectorAll("[data-chart]")) {
    resizes.observe(container);
    draw(container, colours, anew);
  }
  colours.release();
  forgetRemoved();
}

/** Draw one chart anew. */
export function drawChart(report, container) {
  const colours = palette(report);
  draw(container, colours, true);
  colours.release();
}

/** Give every chart this size (or its container's own) at once, without animation. */
export function resizeCharts(sizeOf = () => ({})) {
  for (const [container, { chart, drawn, colours }] of charts) {
    const size = sizeOf(container);
    chart.resize({ ...size, animation: { duration: 0 } });
    if (drawn && size.width) {
      chart.clear(); // lines that are there would still be on their way
      apply(chart, optionOf(drawn, colours, size));
    }
    chart.getZr().flush();
  }
}

function draw(container, colours, anew) {
  const body = document.getElementById(container.dataset.chart);
  const known = charts.get(container);
  const digest = body?.dataset.digest;
  if (!body?.dataset.frame) return;
  if (known?.digest === digest && !anew) return;
  const frame = JSON.parse(body.dataset.frame);
  const cell = container.closest(".lr-cell");
  showKeys(cell, frame, hiddenOf(cell)); // first: the list takes room from the chart
  if (!container.clientWidth) return;
  const chart = known?.chart ?? begin(container, frame.kind);
  const drawn = shownOf(frame, hiddenOf(cell));
  const size = { width: container.clientWidth, height: container.clientHeight };
  const option = optionOf(drawn, colours, size);
  hideTip(container);
  apply(chart, option);
  describe(container, frame.summary);
  container.title = isShortened(option, frame) ? frame.total : "";
  charts.set(container, { chart, digest, drawn, colours });
}

/** Small charts come and go with their axes, which cannot be merged. */
function apply(chart, option) {
  const panels = idsOf(option);
  const notMerge = (panelsOf.get(chart) ?? panels) !== panels;
  panelsOf.set(chart, panels);
  chart.setOption(option, notMerge ? { notMerge } : { replaceMerge: ["series"] });
}

const idsOf = ({ grid }) =>
  [grid]
    .flat()
    .map((one) => one?.id ?? "")
    .join(" ");

function begin(container, kind) {
  const chart = init(container, null, { renderer: "svg" });
  const current = () => {
    const { drawn: frame, colours } = charts.get(container);
    return { frame, colours };
  };
  kinds[kind].point(chart, current, {
    show: (words, place) => showTip(container, words, place),
    hide: () => hideTip(container),
  });
  container.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType === "mouse") hideTip(container); // a finger has left when it has pointed
  });
  return chart;
}

/** Whether the total of a donut had no room. */
function isShortened({ title }, { shape, total }) {
  return shape === "donut" && title.text !== total;
}

/**
 * A chart takes the size of its container, and what it shows may need another place. On paper it
 * is drawn already, and scales with the page.
 */
function fit(container) {
  const report = container.closest("[data-report]");
  const { chart } = charts.get(container) ?? {};
  const { clientWidth: width, clientHeight: height } = container;
  if (!report || !width || !height || "print" in document.documentElement.dataset) return;
  if (chart && chart.getWidth() === width && chart.getHeight() === height) return;
  chart?.resize();
  drawChart(report, container);
}

/** What the picture says, in a sentence, for those who do not see it. */
function describe(container, sentence) {
  container.removeAttribute("aria-labelledby");
  container.setAttribute("aria-label", sentence);
}

function forgetRemoved() {
  for (const [container, { chart }] of charts) {
    if (container.isConnected) continue;
    resizes.unobserve(container);
    chart.dispose();
    charts.delete(container);
  }
}
