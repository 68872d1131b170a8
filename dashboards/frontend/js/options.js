// From a widget's data to what ECharts draws.
import { partsOption } from "./parts.js";
import { seriesOption } from "./series.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const options = { series: seriesOption, parts: partsOption };

/** What to draw of a widget's data in a chart of this width. */
export function optionOf(frame, colours, width) {
  return {
    animation: !calm.matches && !document.documentElement.dataset.print,
    animationDuration: 400,
    animationDurationUpdate: 300,
    textStyle: { fontFamily: colours.font, color: colours.text },
    ...options[frame.kind](frame, colours, width),
  };
}
