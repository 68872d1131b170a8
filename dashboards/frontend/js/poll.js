// One request for the whole tab, again and again.
import { showAge, showTrouble, showZone, standStill } from "./age.js";
import { freshToken, headersOf, troubleOf } from "./server.js";
import { isInUse, startSelections } from "./use.js";

const PERIOD = 2_000;
const LONGEST = 60_000;
/** Troubles that end when somebody does something, seen soon after. */
const SOON = { signed_out: 10_000, other_user: 10_000, gone: 10_000 };
const AT_MOST = 300_000; // however long a proxy asks us to wait

export function startPolling(report, refresh) {
  const feed = report.querySelector("#lr-feed");
  const state = {
    failures: 0,
    trouble: "",
    wait: 0,
    answeredAt: new Date(),
    left: false,
    aborted: false,
    timer: 0,
  };

  const poll = () => {
    window.htmx.trigger(feed, "lr:poll"); // dropped while another one is under way
    schedule();
  };
  const abort = () => window.htmx.trigger(feed, "htmx:abort");
  const pollAnew = () => {
    report.dataset.version = "";
    abort(); // what is under way answers an old question
    poll();
  };
  const schedule = () => {
    clearTimeout(state.timer);
    if (!document.hidden) state.timer = setTimeout(poll, pause(state));
  };

  feed.addEventListener("htmx:abort", () => {
    state.aborted = feed.classList.contains("htmx-request");
  });
  report.addEventListener("htmx:configRequest", ({ detail }) =>
    Object.assign(detail.headers, headersOf(report)),
  );
  feed.addEventListener("htmx:configRequest", ({ detail }) => {
    detail.parameters.version = report.dataset.version;
    detail.parameters.shown = shown(report);
    if ("editing" in report.dataset) detail.parameters.draft = draft(report);
  });
  // The one gate for all that htmx receives: what is not ours and whole goes no further.
  report.addEventListener("htmx:beforeOnLoad", (event) => {
    if (troubleIn(report, event.detail.xhr)) event.preventDefault();
  });
  report.addEventListener("htmx:afterRequest", ({ detail: { xhr }, target }) => {
    if (target === feed) take(report, state, xhr, refresh);
    else showTroubleIn(report, state, xhr);
    schedule();
  });
  report.addEventListener("htmx:oobBeforeSwap", ({ detail, target }) => {
    const isInsertion = detail.fragment.querySelector(".lr-cell") !== null;
    detail.shouldSwap = isInsertion || !isInUse(target);
    state.left ||= !detail.shouldSwap;
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? schedule() : poll()));
  addEventListener("online", poll);
  addEventListener("pagehide", abort);
  addEventListener("pageshow", ({ persisted }) => persisted && poll());
  startSelections();
  schedule();
  return pollAnew;
}

/** Milliseconds until the next poll: longer with every failure, and as a proxy asks. */
function pause({ failures, trouble, wait }) {
  const backOff = Math.min(PERIOD * 2 ** failures, SOON[trouble] ?? LONGEST);
  return Math.max(backOff, Math.min(wait, AT_MOST));
}

/** The widgets of a page that is being changed, each with its picture. */
function draft(report) {
  const cells = report.querySelectorAll(".lr-cell");
  return Array.from(cells, ({ dataset: { widget, picture } }) => `${widget}:${picture}`);
}

/** What the page has, so that the answer brings only what differs. */
function shown(report) {
  const parts = report.querySelectorAll("[data-digest]");
  return Array.from(parts, ({ id, dataset }) => `${id}:${dataset.digest}`);
}

function troubleIn(report, xhr) {
  const header = (name) => xhr.getResponseHeader(name);
  const trouble = troubleOf(report, { status: xhr.status, header, body: xhr.responseText });
  return trouble || (xhr.status === 200 && !header("X-Report-Assets") ? "odd" : "");
}

function take(report, state, xhr, refresh) {
  if (xhr.status === 0 && state.aborted) {
    state.aborted = false;
    return;
  }
  const version = xhr.getResponseHeader("X-Report-Version");
  const trouble = troubleIn(report, xhr) || (version ? "" : "odd");
  if (trouble) {
    fail(report, state, trouble, xhr);
    return;
  }
  report.dataset.version = state.left ? "" : version; // what was left is asked for again
  recover(report, state);
  Object.assign(state, { failures: 0, trouble: "", wait: 0, answeredAt: new Date(), left: false });
  tellLayout(report, xhr.getResponseHeader("X-Report-Layout"));
  showAge(xhr.getResponseHeader("X-Report-As-Of"), Number(xhr.getResponseHeader("X-Report-Lag")));
  showZone(xhr.getResponseHeader("X-Report-Zone"));
  if (xhr.status === 200) refresh();
}

/** One lost answer stops the age; the second one in a row is news. */
function fail(report, state, trouble, xhr) {
  const elsewhere = xhr.getResponseHeader("X-Report-Elsewhere");
  const isPassing = ["unreachable", "odd"].includes(trouble);
  Object.assign(state, { failures: state.failures + 1, trouble, wait: askedToWait(xhr) });
  standStill();
  if (!isPassing || state.failures > 1)
    showTrouble(report, trouble, { since: state.answeredAt, elsewhere });
  report.dispatchEvent(new CustomEvent("lr:trouble", { detail: { kind: trouble, elsewhere } }));
}

/** What somebody has pressed could not be done. */
function showTroubleIn(report, state, xhr) {
  const trouble = troubleIn(report, xhr);
  if (trouble) showTrouble(report, trouble, { since: state.answeredAt });
}

function recover(report, { trouble }) {
  if (!trouble) return;
  if (trouble in SOON) freshToken(report).catch(() => {}); // asked for again by what needs it
  report.dispatchEvent(new CustomEvent("lr:recovered"));
}

/** Milliseconds of a Retry-After header, which has seconds or a date. */
function askedToWait(xhr) {
  const value = xhr.getResponseHeader("Retry-After") ?? "";
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.max(0, milliseconds || 0);
}

/** Somebody, perhaps I in another window, has saved this tab's layout. */
function tellLayout(report, layout) {
  if (report.dataset.layout === layout) return;
  report.dataset.layout = layout;
  report.dispatchEvent(new CustomEvent("lr:layout", { detail: layout }));
}
