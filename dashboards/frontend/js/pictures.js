// Another picture of a widget: the server keeps the choice and sends the widget anew.

/** After a switch the keyboard is where it was: on the widget's menu. */
export function startPictures(report, refresh) {
  let switched = "";
  report.addEventListener("submit", ({ target }) => {
    if (target.matches("[data-pictures]")) switched = target.closest(".lr-cell").dataset.widget;
  });
  report.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (!switched || elt.dataset?.widget !== switched) return;
    switched = "";
    refresh();
    elt.querySelector("[data-menu]").focus();
  });
}
