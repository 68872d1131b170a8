// A donut with its total in the middle; the table beside it names the slices.
import { formatMarked, formatShare, formatShort, markEstimate } from "./format.js";
import { ROUND, WIDE } from "./paper.js";
import { inTooltip, onOneLine, tooltip } from "./tooltip.js";

export const paper = (shape) => (shape === "donut" ? ROUND : WIDE);

const HOLE = 0.66; // of the donut's diameter
const DIGIT = 0.6; // of the size of the type

export function option(frame, colours, width) {
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
        lineHeight: colours.size(16),
      },
    },
    tooltip: tooltip(colours, {
      trigger: "item",
      formatter: (slice) => describe(slice, slices, inTooltip(slice.name, width, colours)),
    }),
    series: [
      {
        id: "parts",
        type: "pie",
        radius: [`${100 * HOLE}%`, "92%"],
        label: { show: false },
        labelLine: { show: false },
        emphasis: { scale: true, scaleSize: 4 },
        itemStyle: { borderColor: colours.card, borderWidth: 2, borderRadius: 3 },
        data: slices.map((slice) => coloured(slice, colours)),
      },
    ],
  };
}

/** Whether a total can be written out in the hole; the sentence that describes the chart has it whole. */
function fits(total, width, colours) {
  return total.length * DIGIT * colours.size(18) < width * HOLE * 0.92;
}

function bar({ slices }, colours, width) {
  return {
    grid: { left: 4, right: colours.size(48), top: 4, bottom: 4, containLabel: true },
    tooltip: tooltip(colours, {
      trigger: "item",
      formatter: (slice) => describe(slice, slices, inTooltip(slice.name, width, colours)),
    }),
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
        width: Math.max(colours.size(90), width * 0.32),
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
          formatter: ({ data, value }) => formatMarked(value, data.estimate),
        },
        itemStyle: { borderRadius: [0, 3, 3, 0] },
        data: slices.map((slice) => coloured(slice, colours)),
      },
    ],
  };
}

function coloured({ name, tone, value, estimate }, colours) {
  return { name: onOneLine(name), value, estimate, itemStyle: { color: colours.tones[tone] } };
}

/** The donut's share is of its slices: an estimate when any of them is one. */
function describe({ marker, value, percent, data }, slices, name) {
  const isEstimate = value > 0 && slices.some(({ estimate }) => estimate);
  const share =
    percent === undefined ? "" : ` · ${markEstimate(formatShare(percent / 100), isEstimate)}`;
  return `${marker} ${name}\n${formatMarked(value, data.estimate)}${share}`;
}
