// Modify: one tab's widgets as a draft, which becomes the layout when it is saved.
import { inOrder } from "../places.js";
import { Board, isPhone } from "./board.js";
import { equip, fetchCell, itemOf, strip, titleOf } from "./cells.js";
import { Draft, firstChanged, isResized } from "./draft.js";
import { Gallery } from "./gallery.js";
import { followGestures } from "./gestures.js";
import { steps, stepsOnPhone } from "./layout.js";
import { Messages } from "./messages.js";
import { Saving } from "./saving.js";

/** Start editing; `page` can `poll` for what is new, `refresh` what is drawn, `hide` lines of it, and tell a `trouble`. */
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
    this.button = find("lr-modify");
    this.texts = JSON.parse(this.toolbar.dataset.texts);
    this.messages = new Messages(this.texts, page.trouble);
    this.board = new Board(find("lr-grid"), (items) => this.dragged(items));
    this.draft = new Draft(this.board.cells().map(itemOf), JSON.parse(this.toolbar.dataset.state));
    this.gallery = new Gallery(find("lr-gallery"), this.texts, (offer) => this.add(offer));
    this.saving = new Saving(report, this.messages);
    this.listening = new AbortController();
    this.following = Promise.resolve();
  }

  start() {
    this.report.dataset.editing = "";
    this.button.disabled = true;
    this.board.cells().forEach((cell) => equip(cell, this.texts));
    this.board.show(this.draft.items);
    this.listen();
    this.messages.say("started");
    this.page.poll();
    this.toolbar.querySelector("[data-do=gallery]").focus();
  }

  listen() {
    const { report, toolbar } = this;
    const { signal } = this.listening;
    followGestures(this, { report, toolbar, grid: this.board.element }, signal);
    report.addEventListener("lr:hide", (event) => this.hide(event), { signal });
    report.addEventListener("lr:layout", () => this.tellLayout(), { signal });
    report.addEventListener("lr:recovered", () => this.messages.clear(), { signal });
    const warn = (event) => this.draft.history.isDirty && event.preventDefault();
    addEventListener("beforeunload", warn, { signal });
  }

  /** While a save of mine is unanswered the newer layout may be mine: the next save tells. */
  tellLayout() {
    const isOurs = this.report.dataset.layout === this.draft.server.layout;
    if (!isOurs && !this.saving.isUncertain) this.messages.notify("changed_elsewhere");
  }

  // -- What people do --------------------------------------------------------------------

  openGallery() {
    this.gallery.open((widget) => this.draft.item(widget) !== undefined);
  }

  dragged(items) {
    const before = this.draft.items;
    const moved = firstChanged(items, before);
    if (moved) this.change({ items }, ...this.placeOf(moved, before));
  }

  /** One step of the keyboard or of a widget's menu. */
  step(widget, name) {
    const { items } = this.draft;
    const wanted = (isPhone() ? stepsOnPhone : steps)[name](items, this.draft.item(widget));
    if (!wanted) {
      this.messages.say("edge", { title: this.title(widget) });
      return;
    }
    const moved = wanted.find((item) => item.widget === widget);
    this.change({ items: wanted }, ...this.placeOf(moved, items));
  }

  /** `label` is the picture's name for people. */
  depict(widget, picture, label) {
    const values = { title: this.title(widget), picture: label };
    this.change(this.draft.pictured(widget, picture), "pictured", values);
  }

  /** A line of a chart was switched on or off: that belongs to the draft. */
  hide(event) {
    const { widget, hidden } = event.detail;
    event.preventDefault();
    this.change(this.draft.hiding(widget, hidden));
  }

  remove(widget) {
    const title = this.title(widget);
    const next = this.draft.following(widget);
    this.change(this.draft.without(widget), "removed", { title });
    const handle = this.board.cell(next.widget)?.querySelector("[data-handle]");
    (handle ?? this.toolbar.querySelector("[data-do=gallery]")).focus();
  }

  async add(offer) {
    await this.change(this.draft.withAdded(offer));
    const cell = this.board.cell(offer.widget);
    if (!cell) return;
    this.messages.say("added", { title: titleOf(cell) });
    cell.scrollIntoView({ block: "center" });
    cell.querySelector("[data-handle]").focus({ preventScroll: true });
  }

  reset() {
    this.change(this.draft.asBase(), "reset");
  }

  /** As in the default; a widget that is not there keeps its place, and is as when it was added. */
  resetOne(widget) {
    const draft = this.draft.withBase(widget, this.gallery.offer(widget));
    this.change(draft, "widget_reset", { title: this.title(widget) });
  }

  undo() {
    if (this.draft.history.undo()) this.follow("undone");
  }

  redo() {
    if (this.draft.history.redo()) this.follow("redone");
  }

  cancel() {
    this.showLines(this.draft.history.first.items);
    this.end();
    this.page.poll();
    this.messages.say("cancelled");
  }

  /** Others see it at once: ask before. */
  askForEveryone() {
    const dialog = document.getElementById("lr-everyone");
    dialog.returnValue = "";
    const answered = () => dialog.returnValue === "everyone" && this.save("everyone");
    dialog.addEventListener("close", answered, { once: true });
    dialog.showModal();
  }

  /** For "mine" or for "everyone". What was not saved stays as it is, to be saved later. */
  async save(forWhom) {
    await this.following;
    const button = this.toolbar.querySelector(`[data-do=${forWhom === "mine" ? "save" : forWhom}]`);
    const url = button.dataset.url ?? this.toolbar.dataset.url;
    const draft = this.draft.toSave(forWhom);
    this.wait(button, true);
    const answer = await this.saving.keep(url, draft);
    this.wait(button, false);
    if (answer.detail) {
      this.messages.notify("not_saved", { reason: answer.detail });
      return;
    }
    this.keepPlaces();
    this.end();
    this.report.dataset.layout = answer.layout;
    this.page.poll();
    if (forWhom === "everyone") {
      this.messages.say("saved_everyone");
      this.offerUndo(answer, url);
      return;
    }
    this.messages.show("saved");
    if (answer.replaced && !this.saving.isMine(answer.replaced)) {
      this.offerBack(answer.replaced, { url, basedOn: answer.mine });
    }
  }

  /** While a draft is being saved nothing can be changed, nor saved again. */
  wait(button, isWaiting) {
    button.setAttribute("aria-busy", `${isWaiting}`);
    this.toolbar.inert = this.board.element.inert = isWaiting;
    if (isWaiting) this.messages.notify("saving");
    else button.focus();
  }

  /** Another window had saved meanwhile: nothing is lost, its arrangement is one press away. */
  offerBack(replaced, { url, basedOn }) {
    const { widgets, removed, saved: time } = replaced;
    const saves = [{ url, draft: { widgets, removed, based_on: basedOn } }];
    this.offer({ said: this.messages.text("replaced", { time }), button: "restore", saves });
  }

  /** What everybody saw before is one press away, and what I saw. */
  offerUndo({ undo, default: basedOn, mine }, url) {
    const saves = [{ url, draft: { ...undo.everyone, based_on: basedOn } }];
    if (undo.mine)
      saves.push({ url: this.toolbar.dataset.url, draft: { ...undo.mine, based_on: mine } });
    const said = this.messages.text("saved_everyone");
    this.offer({ said, button: "undo", saves, done: "taken_back" });
  }

  offer({ done, ...offer }) {
    const saved = () => {
      this.button.focus();
      this.page.poll();
      if (done) this.messages.show(done);
    };
    this.mount.replaceChildren(this.saving.offer(offer, saved));
  }

  // -- The page follows the draft --------------------------------------------------------

  /** A new state; announced when the page has followed. */
  async change(changes, key, values) {
    if (this.draft.change(changes)) await this.follow(key, values);
    else if (key) this.messages.say(key, values);
  }

  /** One after the other: two that fetch the same cell would bring it twice. */
  follow(key, values) {
    this.following = this.following.then(() => this.catchUp(key, values));
    return this.following;
  }

  async catchUp(key, values) {
    const { state } = this.draft;
    const kind = await this.bringCells().then(
      () => "",
      (trouble) => trouble.kind,
    );
    if (this.listening.signal.aborted || state !== this.draft.state) return; // the next one catches up
    if (kind) this.draft.leaveOut((widget) => this.board.cell(widget)?.dataset.picture);
    this.board.show(this.draft.items);
    this.showLines(this.draft.items);
    this.page.refresh();
    this.page.poll();
    this.showButtons();
    if (kind) this.messages.notify("not_shown", { reason: this.messages.reason(kind) });
    else if (key) this.messages.say(key, values);
  }

  /** Fetch the cells that the draft has and the page has not, or has as another picture. */
  async bringCells() {
    const isThere = ({ widget, picture }) => this.board.cell(widget)?.dataset.picture === picture;
    const missing = this.draft.items.filter((item) => !isThere(item));
    await Promise.all(missing.map((item) => this.bring(item)));
  }

  async bring({ widget, picture }) {
    const cell = await fetchCell(this.report, this.gallery.urlOf(widget), picture);
    if (this.listening.signal.aborted) return;
    const old = this.board.cell(widget);
    const hadFocus = old?.contains(document.activeElement);
    if (old) this.board.take(old);
    this.board.element.append(cell);
    window.htmx.process(cell);
    equip(cell, this.texts);
    if (hadFocus) cell.querySelector("[data-menu]").focus();
  }

  // -- The page --------------------------------------------------------------------------

  /** Of each chart those that the draft has. */
  showLines(items) {
    for (const { widget, hidden } of items) {
      const cell = this.board.cell(widget);
      if (cell) this.page.hide(cell, hidden);
    }
  }

  title(widget) {
    const cell = this.board.cell(widget);
    return cell ? titleOf(cell) : widget;
  }

  /** What to say of an item's new place: a text's key and its values. */
  placeOf(item, before) {
    const { x, y, w, h } = item;
    const key = isResized(item, before) ? "resized" : "moved";
    return [key, { title: this.title(item.widget), x: x + 1, y: y + 1, w, h }];
  }

  showButtons() {
    const { past, future } = this.draft.history;
    this.enable("undo", past.length > 0);
    this.enable("redo", future.length > 0);
  }

  /** Disabled for the eye and the reader, but a focus on it stays where it is. */
  enable(name, isEnabled) {
    const button = this.toolbar.querySelector(`[data-do=${name}]`);
    button.setAttribute("aria-disabled", String(!isEnabled));
  }

  /** Where the draft has them, until the server's answer says the same. */
  keepPlaces() {
    for (const { widget, x, y, w, h } of this.draft.items) {
      Object.assign(this.board.cell(widget).dataset, { x, y, w, h });
    }
    const cells = this.draft.items.map(({ widget }) => this.board.cell(widget));
    inOrder(this.board.element, cells);
  }

  end() {
    this.listening.abort();
    this.board.cells().forEach(strip);
    this.board.end();
    delete this.report.dataset.editing;
    this.mount.replaceChildren();
    this.button.disabled = false;
    this.button.focus();
  }
}
