// Small charts side by side, a metric each, every one on its own scale.
import { timeAxis } from "./axis.js";

const HEAD = 24; // name and total
const FOOT = 20; // labels of the axis of time
const NUMBERS = 40; // labels of the other one
const GAP = 18;
const EDGE = 6; // for a mark on the last step
const NARROWEST = 150;
const SHAPE = 2.4; // width to height that reads well

/** How many stand side by side. */
export function columnsFor(count, width, height, colours) {
  const most = Math.max(1, Math.min(count, Math.floor(width / colours.size(NARROWEST))));
  const wanted = Math.round(Math.sqrt((count * width) / (height * SHAPE)));
  return Math.min(most, Math.max(1, wanted, Math.ceil(count / 6)));
}

/** Grids, axes and headings; `countAxis` is the axis of a chart alone, `strokes` its lines. */
export function multiples(
  { lines, ...course },
  { moments, colours, width, height, countAxis, strokes },
) {
  const columns = columnsFor(lines.length, width, height, colours);
  const rows = Math.ceil(lines.length / columns);
  const size = {
    width: (width + colours.size(GAP - EDGE)) / columns,
    height: (height - colours.size(FOOT)) / rows,
  };
  const panels = lines.map((line, index) => ({
    line,
    x: (index % columns) * size.width,
    y: Math.floor(index / columns) * size.height,
    isLowest: index + columns >= lines.length,
  }));
  const plot = (panel) => plotOf(panel, size, colours);
  return {
    title: panels.flatMap((panel) => headOf(panel, plot(panel), colours)),
    grid: panels.map((panel) => ({ id: panel.line.key, ...plot(panel), outerBoundsMode: "none" })),
    xAxis: panels.map((panel, gridIndex) => ({
      ...withLabels(timeAxis(course, moments, colours, plot(panel).width), panel.isLowest),
      id: panel.line.key,
      gridIndex,
    })),
    yAxis: panels.map(({ line }, gridIndex) => ({ ...own(countAxis), id: line.key, gridIndex })),
    series: panels.flatMap(({ line }, index) =>
      strokes(line).map((one) => ({ ...one, xAxisIndex: index, yAxisIndex: index })),
    ),
  };
}

function plotOf({ x, y }, size, colours) {
  return {
    left: x + colours.size(NUMBERS),
    top: y + colours.size(HEAD + 4),
    width: Math.max(10, size.width - colours.size(NUMBERS + GAP)),
    height: Math.max(10, size.height - colours.size(HEAD + 12)),
  };
}

/** From 0 to its own most; one where nothing happened does not look as if it had. */
function own(axis) {
  return { ...axis, min: 0, max: ({ max }) => (max > 1 ? undefined : 1), splitNumber: 2 };
}

/** The last label stays within the chart, where its step is the last one. */
function withLabels({ axisLabel, ...axis }, isLowest) {
  const isAtEnd = axisLabel.customValues.at(-1) === axis.max;
  const fitted = isAtEnd ? { alignMaxLabel: "right" } : {};
  return { ...axis, axisLabel: { ...axisLabel, ...fitted, show: isLowest } };
}

function headOf({ line, x, y }, { left, width }, colours) {
  const style = { fontSize: colours.size(12), lineHeight: colours.size(16) };
  const end = left + width;
  const room = end - x - colours.size(8) * (line.total.length + 1);
  return [
    {
      id: `${line.key} name`,
      text: line.name,
      left: x,
      top: y + 2,
      padding: 0,
      textStyle: {
        ...style,
        color: colours.quiet,
        fontWeight: 400,
        width: Math.max(10, room),
        overflow: "truncate",
      },
    },
    {
      id: `${line.key} total`,
      text: line.total,
      left: end,
      top: y + 2,
      padding: 0,
      textAlign: "right",
      textStyle: { ...style, color: colours.text, fontWeight: 600 },
    },
  ];
}
