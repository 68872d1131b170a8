// A donut with its total in the middle; the table beside it names the slices.
import { formatCount, formatShort } from "./format.js";
import { tooltip } from "./options.js";

export function partsOption(frame, colours, width) {
  return { donut, bar }[frame.shape](frame, colours, width);
}

function donut({ slices, total, label }, colours) {
  return {
    title: {
      text: total,
      subtext: label,
      left: "center",
      top: "center",
      itemGap: 0,
      textStyle: { color: colours.text, fontSize: colours.size(18), fontWeight: 600, lineHeight: colours.size(22) },
      subtextStyle: { color: colours.quiet, fontSize: colours.size(11), lineHeight: colours.size(16) },
    },
    tooltip: tooltip(colours, { trigger: "item", formatter: describe }),
    series: [
      {
        id: "parts",
        type: "pie",
        radius: ["66%", "92%"],
        label: { show: false },
        labelLine: { show: false },
        emphasis: { scale: true, scaleSize: 4 },
        itemStyle: { borderColor: colours.card, borderWidth: 2, borderRadius: 3 },
        data: slices.map((slice) => coloured(slice, colours)),
      },
    ],
  };
}

function bar({ slices }, colours, width) {
  return {
    grid: { left: 4, right: colours.size(48), top: 4, bottom: 4, containLabel: true },
    tooltip: tooltip(colours, { trigger: "item", formatter: describe }),
    xAxis: {
      type: "value",
      minInterval: 1,
      splitNumber: 3,
      axisLabel: { color: colours.quiet, fontSize: colours.size(11), formatter: formatShort, hideOverlap: true },
      splitLine: { lineStyle: { color: colours.line } },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: slices.map(({ name }) => name),
      axisLabel: { color: colours.text, fontSize: colours.size(11), width: Math.max(colours.size(90), width * 0.32), overflow: "truncate" },
      axisLine: { lineStyle: { color: colours.line } },
      axisTick: { show: false },
    },
    series: [
      {
        id: "parts",
        type: "bar",
        barMaxWidth: colours.size(22),
        label: { show: true, position: "right", color: colours.text, fontSize: colours.size(11), formatter: ({ value }) => formatCount(value) },
        itemStyle: { borderRadius: [0, 3, 3, 0] },
        data: slices.map((slice) => coloured(slice, colours)),
      },
    ],
  };
}

function coloured({ name, tone, value }, colours) {
  return { name, value, itemStyle: { color: colours.tones[tone] } };
}

function describe({ marker, name, value, percent }) {
  const share = percent === undefined ? "" : ` · ${formatCount(percent)} %`;
  return `${marker} ${name}\n${formatCount(value)}${share}`;
}
