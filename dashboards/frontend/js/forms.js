// Forms say what is shown, are sent once, and menus close behind a download.

export function startForms(report) {
  sendOnce(report);
  report.addEventListener("click", ({ target }) => {
    const chosen = target.closest("[popover] > :is(a[download], [data-print])");
    chosen?.closest("[popover]").hidePopover();
  });
  // No box is ticked that does not count.
  addEventListener("pageshow", ({ persisted }) => persisted && reset(report));
}

/** A second press while the next page is on its way asks for nothing new. */
export function sendOnce(area) {
  const sent = new Set();
  area.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method === "dialog") return;
    if (sent.has(event.target)) event.preventDefault();
    sent.add(event.target);
  });
  addEventListener("pageshow", () => sent.clear()); // one has come back: nothing is under way
}

function reset(report) {
  for (const form of report.querySelectorAll("form")) form.reset();
}
