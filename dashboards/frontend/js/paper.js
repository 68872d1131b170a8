// Sizes of a chart on paper, in pixels; there it scales with the page.
export const WIDE = { width: 680, height: 230 };
export const ROUND = { width: 150, height: 150 };
