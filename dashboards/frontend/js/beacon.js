// Counts what visitors of any site see and use: built as one small script, served as /beacon.js.
// It keeps nothing on the device, and knows nobody whom the page does not name. See docs/web.md.

const NAME = "data-lr-element";
const VISIBLE = 0.5; // of an element
const DWELL = 1000; // milliseconds for which it has to be visible
const GATHER = 1000; // milliseconds in which events wait for others
const MOST = 100; // events of a request
const ROOM = 500; // events that wait while there is no connection; the oldest leave
const LONGEST = 200; // characters of a name
const PATIENCE = 300_000; // milliseconds between two tries, at most

const script = document.currentScript;
const key = script?.dataset.lrKey;
if (key && "IntersectionObserver" in window && !wantsPeace()) start();

/** Do Not Track, and Global Privacy Control. */
function wantsPeace() {
  const { doNotTrack, globalPrivacyControl } = navigator;
  return doNotTrack === "1" || window.doNotTrack === "1" || globalPrivacyControl === true;
}

function start() {
  const address = new URL(`beacon/${encodeURIComponent(key)}/`, script.src);
  const own = random(); // for as long as the document lives
  let queue = [];
  let sending = false;
  let timer = 0;
  let pause = GATHER;

  function note(type, element) {
    const known = document.documentElement.dataset.lrProfile || script.dataset.lrProfile;
    const event = {
      id: random(),
      type,
      occurred_at: new Date().toISOString(),
      profile: known || own,
      element: element.getAttribute(NAME).slice(0, LONGEST),
    };
    if (!known) event.identity = "page";
    queue = [...queue, event].slice(-ROOM);
    plan();
  }

  function plan() {
    if (!timer) timer = setTimeout(send, pause);
  }

  /** Send what waits, and know whether it has arrived: what has not is sent again. */
  async function send() {
    timer = 0;
    if (sending || !queue.length || !navigator.onLine) return;
    const events = queue.splice(0, MOST);
    sending = true;
    if (await arrives(events)) {
      pause = GATHER;
    } else {
      queue = [...events, ...queue].slice(-ROOM);
      pause = Math.min(2 * pause, PATIENCE);
    }
    sending = false;
    if (queue.length) plan();
  }

  function arrives(events) {
    const options = { method: "POST", body: worded(events), keepalive: true, credentials: "omit" };
    return fetch(stamped(), options).then(
      ({ status }) => status !== 429 && status < 500, // what is refused once always is
      () => false,
    );
  }

  /** The last chance: nobody waits for an answer any more. */
  function leave() {
    while (queue.length && navigator.onLine) {
      const events = queue.slice(0, MOST);
      if (!navigator.sendBeacon(stamped(), worded(events))) return;
      queue = queue.slice(MOST);
    }
  }

  function stamped() {
    address.searchParams.set("sent", Date.now()); // our clock may be wrong: theirs can tell
    return address.href;
  }

  watch((element) => note("impression", element));
  addEventListener(
    "click",
    ({ target }) => {
      const element = target instanceof Element && target.closest(`[${NAME}]`);
      if (element) note("interaction", element);
    },
    true,
  );
  addEventListener("online", () => {
    pause = GATHER;
    plan();
  });
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.hidden && leave());
}

/** Tell of each element once on each page: when it has been visible for long enough. */
function watch(seen) {
  let told = new WeakSet();
  let place = placeOf();
  const timers = new Map();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting, intersectionRatio } of entries) {
        forget(target);
        const isThere = isIntersecting && intersectionRatio >= VISIBLE && !document.hidden;
        if (isThere && !told.has(target)) timers.set(target, setTimeout(tell, DWELL, target));
      }
    },
    { threshold: VISIBLE },
  );

  function tell(element) {
    timers.delete(element);
    if (!element.isConnected) return;
    told.add(element);
    seen(element);
  }

  function forget(element) {
    clearTimeout(timers.get(element));
    timers.delete(element);
  }

  /** Look at all anew: whoever is observed again is reported at once. */
  function look() {
    for (const element of [...timers.keys()]) forget(element);
    observer.disconnect();
    for (const element of document.querySelectorAll(`[${NAME}]`)) observer.observe(element);
  }

  function turn() {
    if (place === placeOf()) return;
    place = placeOf();
    again();
  }

  function again() {
    told = new WeakSet();
    look();
  }

  for (const name of ["pushState", "replaceState"]) {
    const original = history[name];
    history[name] = function (...given) {
      original.apply(this, given);
      turn();
    };
  }
  addEventListener("popstate", turn);
  addEventListener("pageshow", ({ persisted }) => persisted && again());
  document.addEventListener("visibilitychange", look);
  const changes = { subtree: true, childList: true, attributeFilter: [NAME] };
  new MutationObserver((records) => {
    for (const { type, target, addedNodes } of records) {
      if (type === "attributes") begin(target);
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        begin(node);
        for (const inner of node.querySelectorAll(`[${NAME}]`)) begin(inner);
      }
    }
  }).observe(document, changes);

  function begin(element) {
    observer.unobserve(element);
    if (element.hasAttribute(NAME)) observer.observe(element);
  }

  look();
}

/** What makes a page another one; a fragment does where it is a path. */
function placeOf() {
  const { pathname, search, hash } = location;
  return pathname + search + (hash.startsWith("#/") ? hash : "");
}

/** 128 bits, also where the page is not encrypted. */
function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function worded(events) {
  return JSON.stringify({ events });
}
