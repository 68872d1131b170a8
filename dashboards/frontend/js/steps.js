// Steps that are not whole, because the window begins in them or because they still run. They are
// drawn at the pace of what is there, apart from the others, and not at all where that is too
// little to say: as they are they would look like a fall.

/** The values as a line shows them; `null` where it shows none. */
export function paced(values, cut = {}) {
  return values.map((value, step) => {
    const factor = step in cut ? cut[step] : 1;
    return value === null || factor === null ? null : value * factor;
  });
}

/** The first whole step of so many, and the end of the whole ones. */
export function whole(count, cut = {}) {
  let first = 0;
  let end = count;
  while (end > first && end - 1 in cut) end -= 1;
  while (first < end && first in cut) first += 1;
  return [first, end];
}
