// Which of a widget's metrics its picture leaves out, as its cell says.

export function hiddenOf(cell) {
  return (cell?.dataset.hidden ?? "").split(" ").filter(Boolean);
}

/** What is to be drawn of a chart's data. */
export function shownOf(frame, hidden) {
  if (!frame.lines) return frame;
  return { ...frame, lines: frame.lines.filter(({ key }) => !hidden.includes(key)) };
}
