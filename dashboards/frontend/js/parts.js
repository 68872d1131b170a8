// A donut with its total in the middle; the table beside it names the slices.
import { formatCount } from "./format.js";
import { tooltip } from "./options.js";

export function partsOption({ slices, total, label }, colours) {
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
    tooltip: tooltip(colours, {
      trigger: "item",
      formatter: ({ marker, name, value, percent }) =>
        `${marker} ${name}\n${formatCount(value)} · ${formatCount(percent)} %`,
    }),
    series: [
      {
        id: "parts",
        type: "pie",
        radius: ["66%", "92%"],
        label: { show: false },
        labelLine: { show: false },
        emphasis: { scale: true, scaleSize: 4 },
        itemStyle: { borderColor: colours.card, borderWidth: 2, borderRadius: 3 },
        data: slices.map(({ name, tone, value }) => ({
          name,
          value,
          itemStyle: { color: colours.tones[tone] },
        })),
      },
    ],
  };
}
