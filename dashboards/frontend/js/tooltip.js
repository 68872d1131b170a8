// Names and what a tooltip shows, as text: the content policy allows no HTML of ECharts'.

/** A name on one line, as a table shows it. */
export const onOneLine = (name) => name.replace(/\s+/g, " ");

/** Text in a tooltip as it came: a brace would begin markup, so each is a piece of its own. */
const verbatim = (text) => text.replaceAll("{", "{brace|{}");

/** A name as lines of a tooltip, which has to find room in a chart of this width. */
export function inTooltip(name, width, colours) {
  const columns = Math.max(
    12,
    Math.min(60, Math.floor((width - colours.size(44)) / colours.size(7))),
  );
  const lines = onOneLine(name).match(new RegExp(`.{1,${columns}}(?:\\s|$)|.{1,${columns}}`, "gu"));
  return (lines ?? []).map(verbatim).join("\n");
}

/** A tooltip that a strict style policy allows: drawn as text, not as HTML. */
export function tooltip(colours, rest) {
  return {
    renderMode: "richText",
    confine: true,
    backgroundColor: colours.raised,
    borderColor: colours.line,
    borderWidth: 1,
    padding: [8, 12],
    textStyle: {
      fontFamily: colours.font,
      color: colours.text,
      fontSize: colours.size(12),
      lineHeight: colours.size(18),
    },
    ...rest,
  };
}
