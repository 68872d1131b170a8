// The browser's own time zone: a name that the server is told, and nothing more.
const COOKIE = "livereport_zone";

/** Tell the server on a page that does not know whether a zone is chosen. */
export function noteZoneOnce() {
  if (!document.cookie.split("; ").some((cookie) => cookie.startsWith(`${COOKIE}=`))) note();
}

/** Tell the server, unless another zone is chosen. Whether that may be news to it. */
export function noteZone(report) {
  return !report.dataset.chosenZone && note();
}

function note() {
  const said = `${COOKIE}=auto:${ownZone()}`;
  const isNews = !isKept(said);
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${said}; path=/; max-age=31536000; samesite=lax${secure}`;
  return isNews && isKept(said);
}

function isKept(said) {
  return document.cookie.split("; ").includes(said);
}

/** UTC on machines without a zone, where browsers throw, or say nothing or `Etc/Unknown`. */
function ownZone() {
  try {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    return zone && new Intl.DateTimeFormat("en", { timeZone: zone }) ? zone : "UTC";
  } catch {
    return "UTC";
  }
}
