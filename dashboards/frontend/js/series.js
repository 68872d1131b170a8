// Lines over the window. Steps that are cut, the running one above all, are drawn at the pace of
// what is in them, as a dashed piece.
import { timeAxis } from "./axis.js";
import { formatMarked, formatShort } from "./format.js";
import { WIDE } from "./paper.js";
import { paced, whole } from "./steps.js";
import { text } from "./texts.js";
import { inTooltip, tooltip } from "./tooltip.js";

export const paper = () => WIDE;

const LINE = 16; // height of a line of the legend

export function option({ lines, shape, spans, ...course }, colours, width) {
  const moments = course.times.map((time) => Date.parse(time));
  return {
    grid: {
      left: 4,
      right: 16,
      top: legendHeight(lines, width, colours),
      bottom: 4,
      containLabel: true,
    },
    legend: legend(lines, colours),
    tooltip: tooltip(colours, {
      trigger: "axis",
      axisPointer: { type: "line", lineStyle: { color: colours.quiet, type: [3, 3] } },
      formatter: (points) =>
        describe(points, moments, { spans, ...course }, (name) => inTooltip(name, width, colours)),
    }),
    xAxis: timeAxis(course, moments, colours, width),
    yAxis: countAxis(colours),
    series: lines
      .map((line) => ({ ...line, drawn: paced(line.values, course.cut) }))
      .flatMap((line) => shapes[shape](line, moments, colours, whole(moments.length, course.cut))),
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

function countAxis(colours) {
  return {
    type: "value",
    minInterval: 1,
    splitNumber: 4,
    axisLabel: { color: colours.quiet, fontSize: colours.size(11), formatter: formatShort },
    splitLine: { lineStyle: { color: colours.line, width: 1 } },
  };
}

const shapes = { line: strokes, area: areas, bar: bars };

function areas(line, moments, colours, complete) {
  const color = colours.tones[line.tone];
  return strokes(line, moments, colours, complete).map((one) => ({
    ...one,
    areaStyle: { color, opacity: 0.16 },
  }));
}

/** Bars of different metrics overlap rather than stack: their sum means nothing. */
function bars({ name, tone, ...line }, moments, colours, [first, end]) {
  const color = colours.tones[tone];
  const data = pointsOf(line, moments).map((value, index) => ({
    value,
    itemStyle: { color, opacity: index < first || index >= end ? 0.5 : 0.85 },
  }));
  return [
    { id: `${name} bars`, name, type: "bar", data, color, barGap: "-100%", barCategoryGap: "20%" },
  ];
}

/** Moment, value as it is drawn, whether it is an estimate, and the value. */
function pointsOf({ drawn, values, estimates }, moments) {
  return moments.map((moment, index) => [
    moment,
    drawn[index],
    estimates.includes(index),
    values[index],
  ]);
}

/** The running step is a hollow point; a step alone is a point, too. */
function strokes({ name, tone, ...line }, moments, colours, [first, end]) {
  const points = pointsOf(line, moments);
  const complete = points.slice(first, end);
  const head = first ? [...points.slice(0, first + 1), [moments[first] + 1, null]] : [];
  const open = [...head, ...points.slice(Math.max(first, end - 1))];
  const symbol = ([moment]) => (moment >= moments[end] ? "emptyCircle" : "none");
  return [
    {
      ...stroke(name, colours.tones[tone], "complete", complete, { width: 2 }),
      ...alone(complete),
    },
    {
      ...stroke(name, colours.tones[tone], "open", open, { width: 2, type: [2, 3], opacity: 0.8 }),
      symbol,
      showSymbol: true,
    },
  ];
}

const alone = ({ length }) => (length === 1 ? { symbol: "circle", showSymbol: true } : {});

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

function describe(points, moments, { spans, running }, nameOf) {
  const moment = points[0].value[0];
  const values = new Map();
  for (const { seriesName, value, marker } of points) {
    if (value[3] != null && value[0] === moment)
      values.set(seriesName, { marker, count: formatMarked(value[3], value[2]) });
  }
  const step = moments.indexOf(moment);
  const note = step >= running ? ` (${text("running")})` : "";
  const rows = [...values].map(
    ([name, { marker, count }]) => `${marker} ${nameOf(name)}  ${count}`,
  );
  return [`${spans[step]}${note}`, ...rows].join("\n");
}
