// One chart for each widget that has one: created once, kept, and given new data.
import { init } from "./echarts.js";
import { optionOf } from "./options.js";
import { palette } from "./theme.js";

const charts = new Map(); // container → { chart, digest }
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

/** Give every chart this size (or its container's own) at once, without animation. */
export function resizeCharts(sizeOf = () => ({})) {
  for (const [container, { chart }] of charts) {
    chart.resize({ ...sizeOf(container), animation: { duration: 0 } });
    chart.getZr().flush();
  }
}

function draw(container, colours, anew) {
  const body = document.getElementById(container.dataset.chart);
  const known = charts.get(container);
  const digest = body?.dataset.digest;
  if (!body?.dataset.frame || !container.clientWidth) return;
  if (known?.digest === digest && !anew) return;
  const chart = known?.chart ?? init(container, null, { renderer: "svg" });
  const frame = JSON.parse(body.dataset.frame);
  const option = optionOf(frame, colours, container.clientWidth);
  chart.setOption(option, { replaceMerge: ["series"] });
  describe(container, frame.summary);
  container.title = option.title && option.title.text !== frame.total ? frame.total : "";
  charts.set(container, { chart, digest });
}

/** A chart takes the size of its container, and its legend may need another line. */
function fit(container) {
  const report = container.closest("[data-report]");
  const { chart } = charts.get(container) ?? {};
  const { clientWidth: width, clientHeight: height } = container;
  if (!report || !width || !height) return;
  if (chart && chart.getWidth() === width && chart.getHeight() === height) return;
  chart?.resize();
  const colours = palette(report);
  draw(container, colours, true);
  colours.release();
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
