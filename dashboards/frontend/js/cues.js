// Where a widget has more than it shows: below, or to the right.
const SLACK = 2; // pixels; browsers round

/** Returns what to do with every news: there may be more rows, or fewer. */
export function startCues(report) {
  const watched = new WeakSet();
  const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target)));
  report.addEventListener(
    "scroll",
    ({ target }) => target.matches?.(".lr-scroll") && mark(target),
    true,
  );
  return () => {
    for (const area of report.querySelectorAll(".lr-scroll")) {
      if (!watched.has(area)) sizes.observe(area);
      watched.add(area);
      mark(area);
    }
  };
}

function mark(area) {
  const { scrollLeft, scrollTop, clientWidth, clientHeight, scrollWidth, scrollHeight } = area;
  const more = {
    before: scrollLeft > SLACK,
    after: scrollLeft + clientWidth < scrollWidth - SLACK,
    below: scrollTop + clientHeight < scrollHeight - SLACK,
  };
  area.dataset.more = Object.keys(more)
    .filter((side) => more[side])
    .join(" ");
}
