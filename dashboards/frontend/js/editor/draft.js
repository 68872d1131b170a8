// A tab's layout as somebody has it before it is saved, and what each change makes of it.
// It knows no page.
import { History } from "./history.js";
import { COLUMNS, replaced, settle } from "./layout.js";

/** A state is { items, removed, afresh }: what is shown, what is taken off, whether it begins anew. */
export class Draft {
  /** `server` has what was saved when editing began: { mine, default, base, baseRemoved, removed }. */
  constructor(items, server) {
    this.server = server;
    this.history = new History({ items, removed: server.removed, afresh: false });
  }

  get state() {
    return this.history.present;
  }

  get items() {
    return this.state.items;
  }

  item(widget) {
    return this.items.find((item) => item.widget === widget);
  }

  /** Whether these changes make any difference. */
  change(changes) {
    return this.history.push({ ...this.state, ...changes });
  }

  /** The changes by which a widget is shown as another picture. */
  pictured(widget, picture) {
    return { items: replaced(this.items, { ...this.item(widget), picture }) };
  }

  /** The changes by which a widget leaves out these metrics. */
  hiding(widget, hidden) {
    return { items: replaced(this.items, { ...this.item(widget), hidden }) };
  }

  without(widget) {
    const { items, removed } = this.state;
    return {
      items: settle(items.filter((item) => item.widget !== widget)),
      removed: [...removed, widget],
    };
  }

  /** A widget more, below all others. */
  withAdded({ widget, picture, w, h }) {
    const { items, removed } = this.state;
    const bottom = Math.max(0, ...items.map((item) => item.y + item.h));
    return {
      items: [
        ...items,
        { widget, x: 0, y: bottom, w: Math.min(w, COLUMNS), h, picture, hidden: [] },
      ],
      removed: removed.filter((one) => one !== widget),
    };
  }

  /** Everything as the layer below has it. */
  asBase() {
    const { base, baseRemoved } = this.server;
    return { items: base, removed: baseRemoved, afresh: true };
  }

  /** One widget as the layer below has it; where it is and as it is offered, if that lacks it. */
  withBase(widget, offer = {}) {
    const base = this.server.base.find((item) => item.widget === widget);
    const asOffered = { ...this.item(widget), ...offer };
    const { x, w } = asOffered;
    const reset = base
      ? { ...base, y: base.y - 0.5 }
      : { ...asOffered, x: Math.min(x, COLUMNS - w) };
    return { items: settle(replaced(this.items, reset)) };
  }

  /** The widget that stands after this one, or first if this is the last. */
  following(widget) {
    return this.items[this.items.findIndex((item) => item.widget === widget) + 1] ?? this.items[0];
  }

  /** The page could not follow: as `pictureOf` (a widget) says it is there, or else removed. */
  leaveOut(pictureOf) {
    const { items, removed } = this.state;
    const shown = items.map((item) => ({ ...item, picture: pictureOf(item.widget) }));
    const isThere = ({ picture }) => picture !== undefined;
    const missing = shown.filter((item) => !isThere(item)).map(({ widget }) => widget);
    this.history.amend({
      ...this.state,
      items: shown.filter(isThere),
      removed: [...removed, ...missing],
    });
  }

  /** What to send: for "mine" or for "everyone". */
  toSave(forWhom) {
    const { items, removed, afresh } = this.state;
    const basedOn = forWhom === "everyone" ? this.server.default : this.server.mine;
    return { widgets: items, removed: [...new Set(removed)], afresh, based_on: basedOn };
  }
}

/** What has moved or grown among the items, if anything has: the first such item. */
export function firstChanged(items, before) {
  return items.find((item) => differs(item, itemIn(before, item)));
}

/** Whether an item has another size than it had. */
export function isResized(item, before) {
  const was = itemIn(before, item);
  return was !== undefined && (was.w !== item.w || was.h !== item.h);
}

function itemIn(items, { widget }) {
  return items.find((one) => one.widget === widget);
}

function differs(one, other) {
  return !other || ["x", "y", "w", "h"].some((side) => one[side] !== other[side]);
}
