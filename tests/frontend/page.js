// What modules of the page look for when they are imported: an English page without texts.
globalThis.document = { documentElement: { lang: "en" }, getElementById: () => null };

/** Colours as a chart is given them, with sizes as they are. */
export const colours = { size: (px) => px, card: "white", tones: { plain: "blue", bad: "red" } };
