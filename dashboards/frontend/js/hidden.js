// Which of a widget's metrics its picture leaves out, as its cell says.

export function hiddenOf(cell) {
  return (cell?.dataset.hidden ?? "").split(" ").filter(Boolean);
}

/** What is to be drawn of a chart's data. */
export function shownOf(frame, hidden) {
  if (!frame.lines) return frame;
  return { ...frame, lines: frame.lines.filter(({ key }) => !hidden.includes(key)) };
}

/** The keys that are off after one was pressed, in the server's order. */
export function switched(hidden, key) {
  const rest = hidden.filter((one) => one !== key);
  return rest.length < hidden.length ? rest : [...hidden, key].sort();
}
