// Forms say what is shown, are sent once, and menus close behind a download.

export function startForms(report) {
  report.addEventListener("submit", (event) => sendOnce(event));
  report.addEventListener("click", ({ target }) => {
    const chosen = target.closest("[popover] > :is(a[download], [data-print])");
    chosen?.closest("[popover]").hidePopover();
  });
  addEventListener("pageshow", ({ persisted }) => persisted && asShown(report));
}

/** A second press while the next page is on its way asks for nothing new. */
function sendOnce(event) {
  if (event.defaultPrevented) return;
  const form = event.target;
  if ("sent" in form.dataset) event.preventDefault();
  form.dataset.sent = "";
}

/** The page as one comes back to it: nothing is under way, and no box is ticked that does not count. */
function asShown(report) {
  for (const form of report.querySelectorAll("form")) {
    delete form.dataset.sent;
    form.reset();
  }
}
