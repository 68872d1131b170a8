// A scale on which ten times as much is as far again, and 0 has a place of its own: at the foot.
import { formatShort } from "./format.js";

export const height = (value) => (value === null ? null : Math.log10(1 + value));

/** The axis up to this value: 0, 1, 10, 100 … */
export function symlogAxis(most, axis) {
  const powers = Math.max(1, Math.ceil(Math.log10(Math.max(1, most))));
  const values = [0, ...Array.from({ length: powers + 1 }, (_, power) => 10 ** power)];
  const named = new Map(values.map((value) => [height(value), formatShort(value)]));
  const customValues = [...named.keys()];
  return {
    ...axis,
    minInterval: undefined,
    min: 0,
    max: height(Math.max(1, most)) * 1.02,
    axisTick: { ...axis.axisTick, customValues },
    axisLabel: { ...axis.axisLabel, customValues, formatter: (value) => named.get(value) ?? "" },
  };
}
