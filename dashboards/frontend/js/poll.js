// One request for the whole tab, again and again. All names of htmx events are in this file.
import { showAge, showEnded, showUnreachable, showZone } from "./age.js";

const PERIOD = 2_000;
const LONGEST = 60_000;

export function startPolling(report, refresh) {
  const feed = report.querySelector("#lr-feed");
  const state = { failures: 0, ended: false, answeredAt: new Date(), left: false, aborted: false, timer: 0 };

  const poll = () => {
    window.htmx.trigger(feed, "lr:poll"); // dropped while another one is under way
    schedule();
  };
  const pollAnew = () => {
    report.dataset.version = "";
    window.htmx.trigger(feed, "htmx:abort"); // what is under way answers an old question
    poll();
  };
  const schedule = () => {
    clearTimeout(state.timer);
    if (state.ended || document.hidden) return;
    state.timer = setTimeout(poll, Math.min(PERIOD * 2 ** state.failures, LONGEST));
  };

  feed.addEventListener("htmx:abort", () => {
    state.aborted = feed.classList.contains("htmx-request");
  });
  feed.addEventListener("htmx:configRequest", ({ detail }) => {
    detail.parameters.version = report.dataset.version;
    detail.parameters.shown = shown(report);
    if ("editing" in report.dataset) detail.parameters.draft = draft(report);
  });
  feed.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => {
    take(report, state, xhr, refresh);
    schedule();
  });
  report.addEventListener("htmx:oobBeforeSwap", ({ detail, target }) => {
    const isInsertion = detail.fragment.querySelector(".lr-cell") !== null;
    detail.shouldSwap = isInsertion || !isInUse(target);
    state.left ||= !detail.shouldSwap;
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? schedule() : poll()));
  schedule();
  return pollAnew;
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

/** A part that someone has open or is in the middle of stays until the next time. */
function isInUse(part) {
  return part.querySelector(":popover-open, :focus") !== null;
}

function take(report, state, xhr, refresh) {
  const version = xhr.getResponseHeader("X-Report-Version");
  if (version) {
    report.dataset.version = state.left ? "" : version; // what was left is asked for again
    Object.assign(state, { failures: 0, answeredAt: new Date(), left: false });
    tellLayout(report, xhr.getResponseHeader("X-Report-Layout"));
    showAge(xhr.getResponseHeader("X-Report-As-Of"), Number(xhr.getResponseHeader("X-Report-Lag")));
    showZone(xhr.getResponseHeader("X-Report-Zone"));
    if (xhr.status === 200) refresh();
  } else if (xhr.status === 0 && state.aborted) {
    state.aborted = false;
  } else if (xhr.status === 404) {
    end(state, "gone");
  } else if (xhr.status === 403 || xhr.status === 200) {
    end(state, "signed_out"); // 200 without our header is the log-in page
  } else {
    state.failures += 1;
    if (state.failures > 1) showUnreachable(state.answeredAt);
  }
}

/** Somebody, perhaps I in another window, has saved this tab's layout. */
function tellLayout(report, layout) {
  if (report.dataset.layout === layout) return;
  report.dataset.layout = layout;
  report.dispatchEvent(new CustomEvent("lr:layout", { detail: layout }));
}

function end(state, reason) {
  state.ended = true;
  showEnded(reason);
}
