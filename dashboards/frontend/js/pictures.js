// Another picture of a widget: the server keeps the choice and sends the widget anew.
import { freshToken } from "./server.js";

/** After a switch the keyboard is where it was: on the widget's menu. */
export function startPictures(report, page) {
  let switched = "";
  report.addEventListener("htmx:confirm", (event) => {
    const form = event.target;
    if (!form.matches("[data-pictures]")) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    form.setAttribute("aria-busy", "true");
    switched = form.closest(".lr-cell").dataset.widget;
    freshToken(report).then(
      () => event.detail.issueRequest(true),
      ({ kind }) => {
        form.removeAttribute("aria-busy");
        page.trouble(kind);
      },
    );
  });
  report.addEventListener("htmx:afterRequest", ({ target }) => {
    if (target.matches("[data-pictures]")) target.removeAttribute("aria-busy");
  });
  report.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (!switched || elt.dataset?.widget !== switched) return;
    switched = "";
    page.refresh();
    elt.querySelector("[data-menu]").focus();
  });
}
