// The demo's shop: one document, three pages, as sites are built that load once.

const links = [...document.querySelectorAll("a[data-page]")];

function show(page) {
  for (const view of document.querySelectorAll("[data-view]")) {
    view.hidden = view.dataset.view !== page;
  }
  for (const link of links) {
    if (link.dataset.page === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

for (const link of links) {
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    show(link.dataset.page);
    history.pushState(null, "", link.href);
  });
}

addEventListener("popstate", () => {
  show(new URLSearchParams(location.search).get("page") ?? "home");
});

const known = document.getElementById("lr-known");
known.addEventListener("click", () => {
  const isKnown = known.getAttribute("aria-pressed") === "false";
  known.setAttribute("aria-pressed", String(isKnown));
  if (isKnown) document.documentElement.dataset.lrProfile = known.dataset.profile;
  else delete document.documentElement.dataset.lrProfile;
});
