/** A text whose blanks are filled: `{name}` becomes `values.name`, where there is one. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
