// Lines over the window. The first and the running step are incomplete, so their piece is dashed.
import { formatClock, formatCount, formatDay, formatMoment, formatShort } from "./format.js";
import { text } from "./texts.js";
import { tooltip } from "./options.js";

const STEP = 15 * 60 * 1000;
const LINE = 16; // height of a line of the legend

export function seriesOption({ times, lines }, colours, width) {
  const moments = times.map((time) => Date.parse(time));
  const last = moments.length - 1;
  return {
    grid: { left: 4, right: 16, top: legendHeight(lines, width, colours), bottom: 4, containLabel: true },
    legend: legend(lines, colours),
    tooltip: tooltip(colours, {
      trigger: "axis",
      axisPointer: { type: "line", lineStyle: { color: colours.quiet, type: [3, 3] } },
      formatter: (points) => describe(points, moments[last]),
    }),
    xAxis: timeAxis(moments[0], moments[last], colours),
    yAxis: countAxis(colours),
    series: lines.flatMap((line) => strokes(line, moments, colours)),
  };
}

function legend(lines, colours) {
  return {
    top: 2,
    left: 0,
    padding: 0,
    icon: "roundRect",
    itemWidth: colours.size(12),
    itemHeight: colours.size(4),
    itemGap: colours.size(14),
    textStyle: { color: colours.text, fontSize: colours.size(12), lineHeight: colours.size(LINE) },
    inactiveColor: colours.line,
    data: lines.map(({ name, tone }) => ({ name, itemStyle: { color: colours.tones[tone] } })),
  };
}

/** The legend wraps; the drawing begins below its last line. */
function legendHeight(lines, width, colours) {
  const widths = lines.map(({ name }) => colours.size(34 + 7 * name.length));
  let rows = 1;
  let used = 0;
  for (const one of widths) {
    if (used + one > width && used) {
      rows += 1;
      used = 0;
    }
    used += one;
  }
  return colours.size(6 + rows * (LINE + 14));
}

function timeAxis(min, max, colours) {
  return {
    type: "time",
    min,
    max,
    boundaryGap: false,
    axisLine: { lineStyle: { color: colours.line } },
    axisTick: { lineStyle: { color: colours.line } },
    axisLabel: { color: colours.quiet, hideOverlap: true, fontSize: colours.size(11), formatter: hourLabel },
    splitLine: { show: false },
  };
}

function hourLabel(value) {
  const date = new Date(value);
  return date.getHours() || date.getMinutes() ? formatClock(date) : formatDay(date);
}

function countAxis(colours) {
  return {
    type: "value",
    minInterval: 1,
    splitNumber: 4,
    axisLabel: { color: colours.quiet, fontSize: colours.size(11), formatter: formatShort },
    splitLine: { lineStyle: { color: colours.line, width: 1 } },
  };
}

function strokes({ name, tone, values }, moments, colours) {
  const points = moments.map((moment, index) => [moment, values[index]]);
  const last = points.length - 1;
  const complete = points.slice(1, last);
  const open = [...points.slice(0, 2), [moments[1] + 1, null], ...points.slice(-2)];
  return [
    stroke(name, colours.tones[tone], "complete", complete, { width: 2 }),
    stroke(name, colours.tones[tone], "open", open, { width: 2, type: [2, 3], opacity: 0.8 }),
  ];
}

function stroke(name, color, piece, data, lineStyle) {
  return {
    id: `${name} ${piece}`,
    name,
    type: "line",
    data,
    color,
    lineStyle: { color, ...lineStyle },
    showSymbol: false,
    symbolSize: 6,
    connectNulls: false,
    emphasis: { disabled: true },
  };
}

function describe(points, running) {
  const moment = points[0].value[0];
  const values = new Map();
  for (const { seriesName, value, marker } of points) {
    if (value[1] !== null && value[0] === moment) values.set(seriesName, { marker, count: value[1] });
  }
  const until = formatClock(new Date(moment + STEP));
  const note = moment === running ? ` (${text("running")})` : "";
  const rows = [...values].map(([name, { marker, count }]) => `${marker} ${name}  ${formatCount(count)}`);
  return [`${formatMoment(new Date(moment))} – ${until}${note}`, ...rows].join("\n");
}
