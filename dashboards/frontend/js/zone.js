// The browser's own time zone: a name that the server is told, and nothing more.
const COOKIE = "livereport_zone";

/** Tell the server, unless another zone is chosen. Whether that may be news to it. */
export function noteZone(report) {
  if (report.dataset.chosenZone) return false;
  const note = `${COOKIE}=auto:${ownZone()}`;
  const isNews = !isKept(note);
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${note}; path=/; max-age=31536000; samesite=lax${secure}`;
  return isNews && isKept(note);
}

function isKept(note) {
  return document.cookie.split("; ").includes(note);
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
