// A donut with its total in the middle, and a table beside it that names the slices; or bars.
import { formatShort, markEstimate } from "./format.js";
import { ROUND, WIDE } from "./paper.js";

export const paper = (shape) => (shape === "donut" ? ROUND : WIDE);

const HOLE = 0.66; // of the donut's diameter
const DIGIT = 0.6; // of the size of the type

export function option(frame, colours, { width }) {
  return { donut, bar }[frame.shape](frame, colours, width);
}

function donut({ slices, total, label, whole, estimate }, colours, width) {
  return {
    title: {
      text: fits(total, width, colours) ? total : markEstimate(formatShort(whole), estimate),
      subtext: label,
      left: "center",
      top: "center",
      itemGap: 0,
      textStyle: {
        color: colours.text,
        fontSize: colours.size(18),
        fontWeight: 600,
        lineHeight: colours.size(22),
      },
      subtextStyle: {
        color: colours.quiet,
        fontSize: colours.size(11),
        lineHeight: colours.size(14),
        width: width * HOLE * 0.8,
        overflow: "truncate",
      },
    },
    series: [
      {
        id: "parts",
        type: "pie",
        radius: [`${100 * HOLE}%`, "92%"],
        label: { show: false },
        labelLine: { show: false },
        emphasis: { scale: true, scaleSize: 4 },
        itemStyle: { borderColor: colours.card, borderWidth: 2, borderRadius: 3 },
        emptyCircleStyle: { color: "none", borderColor: colours.line, borderWidth: 1 },
        data: whole ? slices.map((slice) => coloured(slice, colours)) : [], // a ring of nothing
      },
    ],
  };
}

/** Whether a total can be written out in the hole; the sentence that describes the chart has it whole. */
function fits(total, width, colours) {
  return total.length * DIGIT * colours.size(18) < width * HOLE * 0.92;
}

function bar({ slices, note }, colours, width) {
  const labels = slices.map(({ text, share }) => [text, share].filter(Boolean).join(" · "));
  const longest = Math.max(0, ...labels.map((label) => label.length));
  return {
    title: {
      text: note,
      left: 4,
      bottom: 0,
      padding: 0,
      textStyle: {
        color: colours.quiet,
        fontSize: colours.size(11),
        fontWeight: 400,
        lineHeight: colours.size(14),
        width: width - 8,
        overflow: "break",
      },
    },
    grid: {
      left: 4,
      right: colours.size(12 + 6.5 * longest),
      top: 4,
      bottom: note ? colours.size(14 * Math.ceil((note.length * 6) / width) + 6) : 4,
      containLabel: true,
    },
    xAxis: {
      type: "value",
      minInterval: 1,
      splitNumber: 3,
      axisLabel: {
        color: colours.quiet,
        fontSize: colours.size(11),
        formatter: formatShort,
        hideOverlap: true,
      },
      splitLine: { lineStyle: { color: colours.line } },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: slices.map(({ name }) => onOneLine(name)),
      axisLabel: {
        color: colours.text,
        fontSize: colours.size(11),
        width: Math.max(colours.size(90), width * 0.42),
        overflow: "truncate",
      },
      axisLine: { lineStyle: { color: colours.line } },
      axisTick: { show: false },
    },
    series: [
      {
        id: "parts",
        type: "bar",
        barMaxWidth: colours.size(22),
        label: {
          show: true,
          position: "right",
          color: colours.text,
          fontSize: colours.size(11),
          formatter: ({ dataIndex }) => labels[dataIndex],
        },
        itemStyle: { borderRadius: [0, 3, 3, 0] },
        data: slices.map((slice) => coloured(slice, colours)),
      },
    ],
  };
}

/** A name on one line, as a table shows it. */
const onOneLine = (name) => name.replace(/\s+/g, " ");

const colourOf = ({ tone, shade }, colours) => colours.tones[shade ? `${tone}-${shade}` : tone];

function coloured(slice, colours) {
  const color = colourOf(slice, colours);
  return { name: onOneLine(slice.name), value: slice.value, itemStyle: { color } };
}

/** Tell what a slice is; `current` has what is drawn now. Beside the ring its total stays to be read. */
export function point(chart, current, tip) {
  chart.on("mouseover", ({ dataIndex, event }) => {
    const { frame, colours } = current();
    const slice = frame.slices[dataIndex];
    if (!slice) return;
    const place = { x: event.offsetX, y: event.offsetY, beside: frame.shape === "donut" };
    tip.show(wordsOf(slice, colours), place);
  });
  chart.on("mouseout", () => tip.hide());
}

/** A slice's numbers, as its table writes them. */
export function wordsOf(slice, colours) {
  const { name, text, share } = slice;
  const value = [text, share].filter(Boolean).join(" · ");
  return { head: "", rows: [{ name: onOneLine(name), value, colour: colourOf(slice, colours) }] };
}
