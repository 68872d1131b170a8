// Lines over the window. Steps that are cut, the running one above all, are drawn at the pace of
// what is in them, as a dashed piece.
import { timeAxis } from "./axis.js";
import { formatMarked, formatShort } from "./format.js";
import { markOf, symbolAt } from "./marks.js";
import { multiples } from "./multiples.js";
import { WIDE } from "./paper.js";
import { paced, whole } from "./steps.js";
import { height as logarithm, symlogAxis } from "./symlog.js";
import { text } from "./texts.js";

export const paper = (shape) => (shape === "multiples" ? { ...WIDE, height: 320 } : WIDE);

export function option({ lines, shape, spans, ...course }, colours, { width, height }) {
  const moments = momentsOf(course);
  const complete = whole(moments.length, course.cut);
  const strokesOf = (line) => {
    const drawn = paced(line.values, course.cut);
    return shapes[shape]({ ...line, drawn }, moments, colours, complete);
  };
  const drawing =
    shape === "multiples"
      ? multiples(
          { lines, ...course },
          { moments, colours, width, height, countAxis: countAxis(colours), strokes: strokesOf },
        )
      : {
          grid: { left: 4, right: 16, top: colours.size(12), bottom: 4, containLabel: true },
          xAxis: [timeAxis(course, moments, colours, width)],
          yAxis: yAxis(shape, lines, colours),
          series: lines.flatMap(strokesOf),
        };
  return {
    ...drawing,
    axisPointer: { link: [{ xAxisIndex: "all" }], triggerOn: "mousemove|click" },
    xAxis: drawing.xAxis.map((axis) => ({ ...axis, axisPointer: pointer(colours) })),
  };
}

/** The line at the step that is pointed at. */
function pointer(colours) {
  const lineStyle = { color: colours.quiet, type: [3, 3] };
  return { show: true, type: "line", snap: true, label: { show: false }, lineStyle };
}

const momentsOf = ({ times }) => times.map((time) => Date.parse(time));

function yAxis(shape, lines, colours) {
  const axis = countAxis(colours);
  if (shape !== "log") return { ...axis, max: ({ max }) => (max > 1 ? undefined : 1) };
  return symlogAxis(Math.max(0, ...lines.flatMap(({ values }) => values)), axis);
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

const shapes = {
  line: strokes,
  area: areas,
  bar: bars,
  stacked,
  multiples: areas,
  log: logarithms,
};

function areas(line, moments, colours, complete) {
  const color = colours.tones[line.tone];
  return strokes(line, moments, colours, complete).map((one) => ({
    ...one,
    areaStyle: { color, opacity: 0.16 },
  }));
}

/** The same lines, their values where the logarithmic scale has them. */
function logarithms(line, ...rest) {
  return strokes({ ...line, drawn: line.drawn.map(logarithm) }, ...rest);
}

function stacked(...given) {
  return bars(...given).map((one) => ({ ...one, stack: "whole" }));
}

/** Bars of different metrics stand side by side: their sum means nothing. */
function bars({ key, name, tone, drawn }, moments, colours, [first, end]) {
  const color = colours.tones[tone];
  const data = pointsOf(drawn, moments).map((value, index) => ({
    value,
    itemStyle: { color, opacity: index < first || index >= end ? 0.5 : 0.85 },
  }));
  return [
    { id: `${key} bars`, name, type: "bar", data, color, barGap: "0%", barCategoryGap: "20%" },
  ];
}

const pointsOf = (drawn, moments) => moments.map((moment, index) => [moment, drawn[index]]);

/** The running step is a hollow point; a step alone is a point, too. */
function strokes({ key, name, tone, mark, drawn }, moments, colours, [first, end]) {
  const points = pointsOf(drawn, moments);
  const complete = points.slice(first, end);
  const head = first ? [...points.slice(0, first + 1), [moments[first] + 1, null]] : [];
  const open = [...head, ...points.slice(Math.max(first, end - 1))];
  const one = { key, name, color: colours.tones[tone] };
  const hollow = { color: colours.card, borderColor: one.color, borderWidth: 2 };
  return [
    {
      ...stroke(one, "complete", complete, { width: 2 }),
      ...(markOf(mark).isHollow && complete.length > 1 ? { itemStyle: hollow } : {}),
      showSymbol: true,
      symbol: complete.length === 1 ? "circle" : symbolAt(mark, complete.length),
    },
    {
      ...stroke(one, "open", open, { width: 2, type: [2, 3], opacity: 0.8 }),
      itemStyle: hollow,
      showSymbol: true,
      symbol: ([moment]) => (moment >= moments[end] ? "circle" : "none"),
    },
  ];
}

function stroke({ key, name, color }, piece, data, lineStyle) {
  return {
    id: `${key} ${piece}`,
    name,
    type: "line",
    data,
    color,
    lineStyle: { color, ...lineStyle },
    showSymbol: false,
    showAllSymbol: true,
    symbolSize: 7,
    connectNulls: false,
    emphasis: { disabled: true },
  };
}

/** Tell what stands at the step that is pointed at; `current` has what is drawn now. */
export function point(chart, current, tip) {
  let place = { x: 0, y: 0 };
  chart.getZr().on("mousemove", ({ offsetX: x, offsetY: y }) => (place = { x, y }));
  chart.on("updateAxisPointer", ({ axesInfo = [] }) => {
    const { frame, colours } = current();
    const moment = axesInfo.find(({ axisDim }) => axisDim === "x")?.value;
    if (moment === undefined || !frame.lines.length) tip.hide();
    else tip.show(wordsAt(frame, moment, colours), place);
  });
}

/** The step that is nearest to a moment, and every line's value there. */
export function wordsAt({ lines, spans, running, ...course }, moment, colours) {
  const distances = momentsOf(course).map((one) => Math.abs(one - moment));
  const step = distances.indexOf(Math.min(...distances));
  const note = step >= running ? ` (${text("running")})` : "";
  const rows = lines
    .filter(({ values }) => values[step] !== null)
    .map(({ name, tone, values, estimates }) => ({
      name,
      value: formatMarked(values[step], estimates.includes(step)),
      colour: colours.tones[tone],
    }));
  return { head: `${spans[step]}${note}`, rows };
}
