// Dragging over a chart of time leads to what one has dragged over, in finer steps. With the
// keyboard, by touch and without scripts the form beside the windows does the same.
import { instanceOf } from "./echarts.js";
import { text } from "./texts.js";

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const SHORTEST = 3 * MINUTE;
const CLICK = 6; // pixels: less is no drag

export function startZooming(report) {
  let drag = null;
  const end = () => {
    drag?.band.remove();
    drag = null;
  };
  report.addEventListener("pointerdown", (event) => {
    end();
    drag = beginning(report, event);
  });
  report.addEventListener("pointermove", (event) => drag && stretch(drag, event));
  report.addEventListener("pointerup", (event) => {
    const { x = 0, at, timeOf, frame } = drag ?? {};
    const other = drag && place(drag.container, event).x;
    end();
    if (other === null || Math.abs(other - x) < CLICK) return;
    const asOf = Date.parse(report.querySelector("#lr-age").dataset.asOf);
    location.assign(addressOf(report, spanOf(at, timeOf(other), frame.step, asOf)));
  });
  report.addEventListener("pointercancel", end);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && end());
  report.addEventListener("change", ({ target: { form } }) => {
    if (form?.id === "lr-zoom-menu") checkOrder(form);
  });
}

/** From one moment to another, whichever is first, in whole steps of the last 24 hours. */
export function spanOf(one, other, step, asOf) {
  const latest = Math.floor(asOf / MINUTE) * MINUTE + MINUTE;
  const earliest = latest - DAY + MINUTE; // the window moves while the page is loaded
  const length = step * 1000;
  const from = Math.floor(Math.min(one, other) / length) * length;
  const to = Math.ceil(Math.max(one, other) / length) * length;
  const start = Math.max(earliest, Math.min(from, latest - SHORTEST));
  return [start, Math.min(latest, Math.max(to, start + SHORTEST))];
}

function beginning(report, event) {
  const container = event.target.closest("[data-chart]");
  const isDrag = event.button === 0 && event.pointerType !== "touch" && event.isPrimary;
  if (!container || !isDrag || "editing" in report.dataset || report.dataset.kiosk !== "0")
    return null;
  const frame = JSON.parse(document.getElementById(container.dataset.chart).dataset.frame ?? "{}");
  const chart = instanceOf(container);
  const { x, y } = place(container, event);
  const gridIndex = chart
    ?.getOption()
    .grid?.findIndex((_, index) => chart.containPixel({ gridIndex: index }, [x, y]));
  if (!frame.times || !(gridIndex >= 0)) return null;
  const timeOf = (pixel) => chart.convertFromPixel({ xAxisIndex: gridIndex }, pixel);
  const band = Object.assign(document.createElement("div"), { className: "lr-band" });
  container.append(band);
  container.setPointerCapture(event.pointerId);
  return { container, frame, band, x, at: timeOf(x), timeOf };
}

function stretch({ container, band, x }, event) {
  const other = Math.max(0, Math.min(place(container, event).x, container.clientWidth));
  band.style.left = `${Math.min(x, other)}px`;
  band.style.width = `${Math.abs(other - x)}px`;
}

function place(container, { clientX, clientY }) {
  const { left, top } = container.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}

/** The same page over a span, and where it leads back to. */
function addressOf(report, [from, to]) {
  const address = new URL(location.href);
  address.searchParams.delete("window");
  address.searchParams.set("from", minute(from));
  address.searchParams.set("to", minute(to));
  address.searchParams.set("back", report.querySelector("#lr-windows").dataset.back);
  return address;
}

const minute = (moment) => new Date(moment).toISOString().replace(".000Z", "Z");

/** A span that ends before it begins is said beside the field, not by an error page. */
function checkOrder({ elements: { from, to } }) {
  to.setCustomValidity(from.value < to.value ? "" : text("span_order"));
}
