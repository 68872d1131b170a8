// From a widget's data to what ECharts draws.
import { kinds } from "kinds.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** What to draw of a widget's data in a chart of this size. */
export function optionOf(frame, colours, size) {
  return {
    animation: !calm.matches && !("print" in document.documentElement.dataset),
    animationDuration: 400,
    animationDurationUpdate: 300,
    textStyle: { fontFamily: colours.font, color: colours.text },
    ...kinds[frame.kind].option(frame, colours, size),
  };
}
