// Texts in the page's language; the server translated them.
const texts = JSON.parse(document.getElementById("lr-texts")?.textContent ?? "{}");

/** The text under this key, with `{name}` replaced by `values.name`. */
export function text(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
