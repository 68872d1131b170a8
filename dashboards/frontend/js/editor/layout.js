// The grid's geometry, as grid.py has it. An item is { widget, x, y, w, h, picture, hidden }.
export const COLUMNS = 12;
export const ROWS = 480; // the stylesheet reaches no further down
export const MIN = { w: 2, h: 2 };
export const MAX = { w: COLUMNS, h: 24 };

/** Items fall upwards until they meet another; the result is in reading order. */
export function settle(items) {
  const skyline = new Array(COLUMNS).fill(0);
  const settled = [...items].sort(byPlace).map((item) => {
    const y = Math.max(...skyline.slice(item.x, item.x + item.w));
    skyline.fill(y + item.h, item.x, item.x + item.w);
    return { ...item, y };
  });
  return settled.sort(byPlace); // one may have fallen past another
}

/** The items line by line in the order given, without gaps. */
export function flow(items) {
  const taken = new Set();
  return items.map((item) => {
    const place = firstFree(item, taken);
    eachCell({ ...item, ...place }, (cell) => taken.add(cell));
    return { ...item, ...place };
  });
}

function firstFree(item, taken) {
  for (let y = 0; ; y += 1) {
    for (let x = 0; x <= COLUMNS - item.w; x += 1) {
      let free = true;
      eachCell({ ...item, x, y }, (cell) => (free &&= !taken.has(cell)));
      if (free) return { x, y };
    }
  }
}

function eachCell({ x, y, w, h }, visit) {
  for (let row = y; row < y + h; row += 1) {
    for (let column = x; column < x + w; column += 1) visit(row * COLUMNS + column);
  }
}

export function byPlace(one, other) {
  return one.y - other.y || one.x - other.x;
}

/** What each step of the keyboard and of the menu does; `undefined` where it leads nowhere. */
export const steps = {
  left: (items, item) => sideways(items, item, -1),
  right: (items, item) => sideways(items, item, 1),
  up: (items, item) => {
    const above = items.filter((other) => overlaps(item, other) && other.y < item.y);
    if (!above.length) return undefined;
    const y = Math.max(...above.map((other) => other.y));
    return settle(replaced(items, { ...item, y: y - 0.5 }));
  },
  down: (items, item) => {
    const below = items.filter((other) => overlaps(item, other) && other.y > item.y);
    if (!below.length) return undefined;
    const next = below.sort(byPlace)[0];
    return settle(replaced(items, { ...item, y: next.y + next.h - 0.5 }));
  },
  wider: (items, item) => resized(items, item, "w", 1),
  narrower: (items, item) => resized(items, item, "w", -1),
  taller: (items, item) => resized(items, item, "h", 1),
  shorter: (items, item) => resized(items, item, "h", -1),
};

/** The same on a phone, where there is one column: its order is all there is to change. */
export const stepsOnPhone = {
  ...steps,
  up: (items, item) => swappedInOrder(items, item, -1),
  down: (items, item) => swappedInOrder(items, item, 1),
};

function sideways(items, item, direction) {
  const partner = items.find((other) => isBeside(item, other, direction));
  if (partner) {
    const [first, second] = direction > 0 ? [partner, item] : [item, partner];
    const x = Math.min(item.x, partner.x);
    const both = [
      { ...first, x },
      { ...second, x: x + first.w },
    ];
    return settle(both.reduce(replaced, items));
  }
  const x = item.x + direction;
  if (x < 0 || x + item.w > COLUMNS) return undefined;
  return settle(replaced(items, { ...item, x, y: item.y - 0.5 }));
}

function isBeside(item, other, direction) {
  if (other.y !== item.y || other === item) return false;
  return direction > 0 ? other.x === item.x + item.w : other.x + other.w === item.x;
}

function resized(items, item, side, by) {
  const size = item[side] + by;
  if (size < MIN[side] || size > MAX[side]) return undefined;
  const wish = { ...item, [side]: size };
  wish.x = Math.min(wish.x, COLUMNS - wish.w);
  return settle(replaced(items, wish));
}

function swappedInOrder(items, item, by) {
  const order = [...items].sort(byPlace);
  const from = order.findIndex(({ widget }) => widget === item.widget);
  const to = from + by;
  if (!order[to]) return undefined;
  [order[from], order[to]] = [order[to], order[from]];
  return flow(order);
}

function overlaps(one, other) {
  return one.widget !== other.widget && one.x < other.x + other.w && other.x < one.x + one.w;
}

export function replaced(items, item) {
  return items.map((other) => (other.widget === item.widget ? item : other));
}
