// The start page: the campaigns as they are now. Everything here enhances HTML that is complete.
import { startAge } from "./age.js";
import { startForms } from "./forms.js";
import { startKiosk } from "./kiosk.js";
import { startPolling } from "./poll.js";
import { noteZone } from "./zone.js";

const PATIENCE = 200; // milliseconds without a further key

function start() {
  const page = document.getElementById("lr-start");
  startAge(page);
  startForms(page);
  const poll = startPolling(page, () => {});
  startSearch(page, poll);
  // What was pinned is in its new place at once.
  page.addEventListener("htmx:afterRequest", ({ target }) => target.id === "lr-pin" && poll());
  startKiosk(page);
  if (noteZone(page)) document.addEventListener("DOMContentLoaded", poll); // htmx is ready then
}

/** Search while one types: the poll brings what the form asks for, and the address says it. */
function startSearch(page, poll) {
  const form = page.querySelector("#lr-find");
  let timer = 0;
  const search = () => {
    clearTimeout(timer);
    history.replaceState(null, "", addressOf(form));
    page.querySelector("#lr-pin [name=next]").value = addressOf(form);
    poll();
  };
  form.addEventListener("input", () => {
    form.elements.page.value = "1";
    clearTimeout(timer);
    timer = setTimeout(search, PATIENCE);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
}

function addressOf(form) {
  const said = [...new FormData(form)].filter(([name, value]) => value && !isUsual(name, value));
  const query = new URLSearchParams(said).toString();
  return new URL(form.action).pathname + (query && `?${query}`);
}

const isUsual = (name, value) =>
  (name === "state" && value === "all") || (name === "page" && value === "1");

start();
