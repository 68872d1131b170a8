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
  /** Of a tone, or of a shade of it (“amber-2”). */
  const readTone = (name) => {
    const [tone, shade] = name.split("-");
    if (!shade) return read(`lr-${tone}`);
    Object.assign(probe.dataset, { tone, shade });
    return plain(read("tone"));
  };
  const colours = {
    font: getComputedStyle(report).fontFamily,
    size: (px) => (px / 16) * parseFloat(getComputedStyle(document.documentElement).fontSize),
    text: read("lr-text"),
    quiet: read("lr-quiet"),
    line: read("lr-line"),
    card: read("lr-card"),
    raised: read("lr-raised"),
    tones: new Proxy({}, { get: (known, tone) => (known[tone] ??= readTone(tone)) }),
    release: () => probe.remove(),
  };
  return colours;
}

/** A mixed colour, `color(srgb 0.5 0 1)`, as the drawing library knows it. */
function plain(colour) {
  const parts = colour.match(/^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)/)?.slice(1);
  return parts ? `rgb(${parts.map((part) => Math.round(part * 255)).join(", ")})` : colour;
}

/** Calls back when the admin's theme switch or the system's preference changes. */
export function onThemeChange(callback) {
  dark.addEventListener("change", callback);
  new MutationObserver(callback).observe(document.documentElement, {
    attributeFilter: ["data-theme"],
  });
}
