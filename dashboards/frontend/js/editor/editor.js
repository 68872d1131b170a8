// Modify: one tab's widgets as a draft, which becomes the layout when it is saved.
import { inOrder } from "../places.js";
import { Trouble, keep } from "../server.js";
import { Board, isPhone } from "./board.js";
import { Gallery } from "./gallery.js";
import { History } from "./history.js";
import { COLUMNS, settle, steps, stepsOnPhone } from "./layout.js";
import { fetchCell, isSame } from "./server.js";

const KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const SIZES = { ArrowLeft: "narrower", ArrowRight: "wider", ArrowUp: "shorter", ArrowDown: "taller" };

/** Start editing; `page` can `poll` for what is new, `refresh` what is drawn, and tell a `trouble`. */
export function edit(report, page) {
  new Editor(report, page).start();
}

class Editor {
  constructor(report, page) {
    const find = (id) => document.getElementById(id);
    this.report = report;
    this.page = page;
    this.mount = find("lr-editor");
    this.toolbar = find("lr-toolbar");
    this.said = find("lr-said");
    this.notice = find("lr-notice");
    this.button = find("lr-modify");
    this.texts = JSON.parse(this.toolbar.dataset.texts);
    this.server = JSON.parse(this.toolbar.dataset.state);
    this.board = new Board(find("lr-grid"), (items) => this.dragged(items));
    this.gallery = new Gallery(find("lr-gallery"), this.texts, (offer) => this.add(offer));
    this.listening = new AbortController();
    this.following = Promise.resolve();
    this.unanswered = []; // drafts of which we do not know whether they were saved
  }

  start() {
    const { report, listening: { signal } } = this;
    const cells = this.board.cells();
    const items = cells.map(itemOf);
    this.history = new History({ items, removed: this.server.removed, afresh: false });
    report.dataset.editing = "";
    this.button.disabled = true;
    cells.forEach((cell) => this.equip(cell));
    this.board.show(items);
    this.toolbar.addEventListener("click", (event) => this.onToolbar(event), { signal });
    this.board.element.addEventListener("click", (event) => this.onMenu(event), { signal });
    this.board.element.addEventListener("keydown", (event) => this.onKey(event), { signal });
    report.addEventListener("submit", (event) => this.onPicture(event), { signal, capture: true });
    report.addEventListener("lr:layout", () => this.onLayout(), { signal });
    report.addEventListener("lr:recovered", () => (this.notice.textContent = ""), { signal });
    document.addEventListener("keydown", (event) => this.onShortcut(event), { signal });
    addEventListener("beforeunload", (event) => this.history.isDirty && event.preventDefault(), { signal });
    this.say("started");
    this.page.poll();
    this.toolbar.querySelector("[data-do=gallery]").focus();
  }

  // -- What people do --------------------------------------------------------------------

  onToolbar({ target }) {
    const button = target.closest("[data-do]");
    if (!button || button.getAttribute("aria-disabled") === "true") return;
    const does = {
      undo: () => this.undo(),
      redo: () => this.redo(),
      gallery: () => this.gallery.open((widget) => this.item(widget) !== undefined),
      reset: () => this.reset(),
      cancel: () => this.cancel(),
      save: () => this.save(this.toolbar.dataset.url),
      everyone: () => this.save(button.dataset.url, "everyone"),
    };
    does[button.dataset.do]();
  }

  onMenu({ target }) {
    const button = target.closest("[data-do]");
    if (!button) return;
    const widget = button.closest(".lr-cell").dataset.widget;
    if (button.dataset.do === "remove") this.remove(widget);
    else if (button.dataset.do === "default") this.resetOne(widget);
    else this.step(widget, button.dataset.do);
  }

  onKey(event) {
    if (!event.target.closest("[data-handle]") || event.ctrlKey || event.altKey || event.metaKey) return;
    const widget = event.target.closest(".lr-cell").dataset.widget;
    const step = (event.shiftKey ? SIZES : KEYS)[event.key];
    if (event.key === "Delete" || event.key === "Backspace") this.remove(widget);
    else if (step) this.step(widget, step);
    else return;
    event.preventDefault();
  }

  onShortcut(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || this.toolbar.inert) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) this.undo();
    else if (key === "y" || key === "z") this.redo();
    else return;
    event.preventDefault();
  }

  onPicture(event) {
    const form = event.target.closest("[data-pictures]");
    if (!form) return;
    event.preventDefault();
    event.stopPropagation();
    const { widget } = form.closest(".lr-cell").dataset;
    const picture = event.submitter.value;
    const items = this.state.items.map((item) => (item.widget === widget ? { ...item, picture } : item));
    const label = event.submitter.textContent.trim();
    this.change({ items }, "pictured", { title: this.title(widget), picture: label });
  }

  onLayout() {
    if (this.report.dataset.layout !== this.server.layout) this.notify("changed_elsewhere");
  }

  dragged(items) {
    const before = this.state.items;
    const moved = items.find((item) => differs(item, before.find(({ widget }) => widget === item.widget)));
    if (moved) this.change({ items }, ...this.placeOf(moved, before));
  }

  step(widget, name) {
    const { items } = this.state;
    const item = this.item(widget);
    const wanted = (isPhone() ? stepsOnPhone : steps)[name](items, item);
    if (!wanted) this.say("edge", { title: this.title(widget) });
    else this.change({ items: wanted }, ...this.placeOf(wanted.find((one) => one.widget === widget), items));
  }

  remove(widget) {
    const title = this.title(widget);
    const { items, removed } = this.state;
    const next = items[items.findIndex((item) => item.widget === widget) + 1] ?? items[0];
    this.change(
      { items: settle(items.filter((item) => item.widget !== widget)), removed: [...removed, widget] },
      "removed",
      { title },
    );
    const handle = this.board.cell(next.widget)?.querySelector("[data-handle]");
    (handle ?? this.toolbar.querySelector("[data-do=gallery]")).focus();
  }

  async add({ widget, picture, w, h }) {
    const { items, removed } = this.state;
    const bottom = Math.max(0, ...items.map((item) => item.y + item.h));
    const item = { widget, x: 0, y: bottom, w: Math.min(w, COLUMNS), h, picture };
    await this.change({ items: [...items, item], removed: removed.filter((one) => one !== widget) });
    const cell = this.board.cell(widget);
    if (!cell) return;
    this.say("added", { title: this.title(widget) });
    cell.scrollIntoView({ block: "center" });
    cell.querySelector("[data-handle]").focus({ preventScroll: true });
  }

  reset() {
    const { base, baseRemoved } = this.server;
    this.change({ items: base, removed: baseRemoved, afresh: true }, "reset");
  }

  /** As in the default; a widget that is not there keeps its place, and is as when it was added. */
  resetOne(widget) {
    const base = this.server.base.find((item) => item.widget === widget);
    const added = this.gallery.offer(widget);
    const reset = (item) => (base ? { ...base, y: base.y - 0.5 } : { ...item, ...added, x: Math.min(item.x, COLUMNS - added.w) });
    const items = this.state.items.map((item) => (item.widget === widget ? reset(item) : item));
    this.change({ items: settle(items) }, "widget_reset", { title: this.title(widget) });
  }

  undo() {
    if (this.history.undo()) this.follow("undone");
  }

  redo() {
    if (this.history.redo()) this.follow("redone");
  }

  cancel() {
    this.end();
    this.page.poll();
    this.say("cancelled");
  }

  /** What was not saved stays as it is, to be saved later. */
  async save(url, forWhom = "mine") {
    await this.following;
    const draft = this.draft(forWhom);
    this.wait(forWhom, true);
    const answer = await this.keep(url, draft);
    this.wait(forWhom, false);
    if (answer.detail) {
      this.notify("not_saved", { reason: answer.detail });
      return;
    }
    this.keepPlaces();
    this.end();
    this.report.dataset.layout = answer.layout;
    this.page.poll();
    this.say(forWhom === "everyone" ? "saved_everyone" : "saved");
    const isMine = answer.replaced && this.unanswered.some((one) => isSame(one, answer.replaced));
    if (answer.replaced && !isMine) this.offerBack(answer, url, forWhom);
  }

  async keep(url, draft) {
    try {
      const answer = await keep(this.report, url, draft);
      if (!answer.detail && typeof answer.layout !== "string") throw new Trouble("odd");
      return answer;
    } catch ({ kind }) {
      this.unanswered.push(draft);
      return { detail: this.reason(kind) };
    }
  }

  /** While a draft is being saved nothing can be changed, nor saved again. */
  wait(forWhom, isWaiting) {
    const button = this.toolbar.querySelector(`[data-do=${forWhom === "everyone" ? "everyone" : "save"}]`);
    button.setAttribute("aria-busy", `${isWaiting}`);
    this.toolbar.inert = this.board.element.inert = isWaiting;
    if (isWaiting) this.notify("saving");
    else button.focus();
  }

  // -- The draft -------------------------------------------------------------------------

  get state() {
    return this.history.present;
  }

  item(widget) {
    return this.state.items.find((item) => item.widget === widget);
  }

  draft(forWhom) {
    const { items, removed, afresh } = this.state;
    return { widgets: items, removed: [...new Set(removed)], afresh, based_on: this.basedOn(forWhom) };
  }

  basedOn(forWhom) {
    return forWhom === "everyone" ? this.server.default : this.server.mine;
  }

  /** A new state; announced when the page has followed. */
  async change(changes, key, values) {
    if (this.history.push({ ...this.state, ...changes })) await this.follow(key, values);
    else if (key) this.say(key, values);
  }

  /** One after the other: two that fetch the same cell would bring it twice. */
  follow(key, values) {
    this.following = this.following.then(() => this.catchUp(key, values));
    return this.following;
  }

  async catchUp(key, values) {
    const { state } = this;
    const kind = await this.bringCells().then(() => "", (trouble) => trouble.kind);
    if (this.listening.signal.aborted || state !== this.state) return; // the next one in the queue catches up
    if (kind) this.leaveOut();
    this.board.show(this.state.items);
    this.page.refresh();
    this.page.poll();
    this.showButtons();
    if (kind) this.notify("not_shown", { reason: this.reason(kind) });
    else if (key) this.say(key, values);
  }

  /** What could not be fetched is as the page has it; everything else holds. */
  leaveOut() {
    const cellOf = ({ widget }) => this.board.cell(widget);
    const there = this.state.items.filter(cellOf);
    const missing = this.state.items.filter((item) => !cellOf(item)).map(({ widget }) => widget);
    this.history.amend({
      ...this.state,
      items: there.map((item) => ({ ...item, picture: cellOf(item).dataset.picture })),
      removed: [...this.state.removed, ...missing],
    });
  }

  /** Fetch the cells that the state has and the page has not, or has as another picture. */
  async bringCells() {
    const isThere = ({ widget, picture }) => this.board.cell(widget)?.dataset.picture === picture;
    await Promise.all(this.state.items.filter((item) => !isThere(item)).map((item) => this.bring(item)));
  }

  async bring({ widget, picture }) {
    const cell = await fetchCell(this.report, this.gallery.urlOf(widget), picture);
    if (this.listening.signal.aborted) return;
    const old = this.board.cell(widget);
    const hadFocus = old?.contains(document.activeElement);
    if (old) this.board.take(old);
    this.board.element.append(cell);
    window.htmx.process(cell);
    this.equip(cell);
    if (hadFocus) cell.querySelector("[data-menu]").focus();
  }

  /** The handle, the cross, and the menu's entries that arrange. */
  equip(cell) {
    const title = this.title(cell.dataset.widget, cell);
    const head = cell.querySelector(".lr-widget-head");
    head.prepend(this.tool("handle", title));
    head.append(this.tool("remove", title));
    cell.querySelector(".lr-menu").append(copyOf("lr-arrange"));
  }

  tool(name, title) {
    const button = copyOf(`lr-${name}`);
    button.setAttribute("aria-label", fill(this.texts[name], { title }));
    return button;
  }

  // -- The page --------------------------------------------------------------------------

  title(widget, cell = this.board.cell(widget)) {
    return cell?.querySelector("h2").textContent ?? widget;
  }

  placeOf(item, before) {
    const { x, y, w, h } = item;
    const was = before.find(({ widget }) => widget === item.widget);
    const key = was && (was.w !== w || was.h !== h) ? "resized" : "moved";
    return [key, { title: this.title(item.widget), x: x + 1, y: y + 1, w, h }];
  }

  showButtons() {
    const { past, future } = this.history;
    this.enable("undo", past.length > 0);
    this.enable("redo", future.length > 0);
  }

  /** Disabled for the eye and the reader, but a focus on it stays where it is. */
  enable(name, isEnabled) {
    this.toolbar.querySelector(`[data-do=${name}]`).setAttribute("aria-disabled", String(!isEnabled));
  }

  say(key, values = {}) {
    this.said.textContent = fill(this.texts[key], values);
  }

  notify(key, values = {}) {
    this.notice.textContent = fill(this.texts[key], values);
  }

  /** Why the server did not do something; the page says what can be done about it. */
  reason(kind) {
    this.page.trouble(kind);
    return this.texts[kind];
  }

  /** Where the draft has them, until the server's answer says the same. */
  keepPlaces() {
    for (const { widget, x, y, w, h } of this.state.items) {
      Object.assign(this.board.cell(widget).dataset, { x, y, w, h });
    }
    inOrder(this.board.element, this.state.items.map(({ widget }) => this.board.cell(widget)));
  }

  end() {
    this.listening.abort();
    this.board.cells().forEach((cell) => {
      cell.querySelectorAll("[data-handle], [data-do=remove], .lr-arrange").forEach((part) => part.remove());
    });
    this.board.end();
    delete this.report.dataset.editing;
    this.mount.replaceChildren();
    this.button.disabled = false;
    this.button.focus();
  }

  /** Another window had saved meanwhile: nothing is lost, its arrangement is one press away. */
  offerBack({ replaced, mine, default: everyones }, url, forWhom) {
    const banner = document.createElement("p");
    banner.className = "lr-banner";
    banner.setAttribute("role", "status");
    const restore = document.createElement("button");
    restore.type = "button";
    restore.className = "lr-button";
    restore.textContent = this.texts.restore;
    restore.addEventListener("click", async () => {
      const { widgets, removed } = replaced;
      const basedOn = forWhom === "everyone" ? everyones : mine;
      restore.disabled = true;
      const answer = await this.keep(url, { widgets, removed, based_on: basedOn });
      restore.disabled = false;
      if (answer.detail) {
        banner.firstChild.textContent = fill(this.texts.not_saved, { reason: answer.detail });
        return;
      }
      banner.remove();
      this.button.focus();
      this.page.poll();
    });
    banner.append(fill(this.texts.replaced, { time: replaced.saved }), " ", restore);
    this.mount.replaceChildren(banner);
  }
}

function copyOf(template) {
  return document.getElementById(template).content.firstElementChild.cloneNode(true);
}

function itemOf({ dataset: { widget, picture, x, y, w, h } }) {
  return { widget, x: Number(x), y: Number(y), w: Number(w), h: Number(h), picture };
}

function differs(one, other) {
  return !other || ["x", "y", "w", "h"].some((side) => one[side] !== other[side]);
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
