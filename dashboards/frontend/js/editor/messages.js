// What the editor says: in passing to those who listen, or in the toolbar until it no longer holds.
import { fill } from "../fill.js";

const PASSING = 6_000; // milliseconds

export class Messages {
  /** `texts` by key; `trouble` is told what the page should say about it. */
  constructor(texts, trouble) {
    this.said = document.getElementById("lr-said");
    this.notice = document.getElementById("lr-notice");
    this.texts = texts;
    this.trouble = trouble;
  }

  text(key, values = {}) {
    return fill(this.texts[key], values);
  }

  say(key, values) {
    this.said.textContent = this.text(key, values);
  }

  /** Say it to everybody; it fades. */
  show(key, values) {
    this.say(key, values);
    this.said.classList.add("lr-toast");
    setTimeout(() => this.said.classList.remove("lr-toast"), PASSING);
  }

  notify(key, values) {
    this.notice.textContent = this.text(key, values);
  }

  clear() {
    this.notice.textContent = "";
  }

  /** Why the server did not do something; the page says what can be done about it. */
  reason(kind) {
    this.trouble(kind);
    return this.text(kind);
  }
}
