// Texts in the page's language; the server translated them.
import { fill } from "./fill.js";

const texts = JSON.parse(document.getElementById("lr-texts")?.textContent ?? "{}");

/** The text under this key, with its blanks filled. */
export function text(key, values = {}) {
  return fill(texts[key] ?? key, values);
}
