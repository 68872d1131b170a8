// Widgets in rows, dealt out to screenfuls so that none of them is cut.

/**
 * Where each screenful begins. `boxes` have a top and a bottom, `room` says how much fits on the first
 * screenful and on the others; a box that is higher than that begins one of its own.
 */
export function screenfuls(boxes, room) {
  const starts = [];
  for (const { top, bottom } of [...boxes].sort((one, other) => one.top - other.top)) {
    const start = starts.at(-1);
    const most = starts.length > 1 ? room.others : room.first;
    if (start === undefined || (bottom > start + most && top > start)) starts.push(top);
  }
  return starts;
}

/** Whether a box is whole on the screenful that begins at `start`, or begins there itself. */
export function fits({ top, bottom }, start, room) {
  return top >= start && (bottom <= start + room || top === start);
}
