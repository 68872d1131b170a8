// Colours for what CSS cannot reach: the stylesheet's tones as the charts need them.
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Colours, font and sizes in force now, read from the stylesheet. */
export function palette(report) {
  const probe = report.appendChild(document.createElement("span"));
  probe.hidden = true;
  const read = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    font: getComputedStyle(report).fontFamily,
    size: (px) => (px / 16) * parseFloat(getComputedStyle(document.documentElement).fontSize),
    text: read("lr-text"),
    quiet: read("lr-quiet"),
    line: read("lr-line"),
    card: read("lr-card"),
    raised: read("lr-raised"),
    tones: new Proxy({}, { get: (known, tone) => (known[tone] ??= read(`lr-${tone}`)) }),
    release: () => probe.remove(),
  };
  return colours;
}

/** Calls back when the admin's theme switch or the system's preference changes. */
export function onThemeChange(callback) {
  dark.addEventListener("change", callback);
  new MutationObserver(callback).observe(document.documentElement, {
    attributeFilter: ["data-theme", "data-print"],
  });
}
