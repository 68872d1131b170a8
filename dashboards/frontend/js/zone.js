// The browser's own time zone: a name that the server is told, and nothing more.
const COOKIE = "livereport_zone";

/** Tell the server, unless another zone is chosen. Whether that may be news to it. */
export function noteZone(report) {
  if (report.dataset.chosenZone) return false;
  const note = `${COOKIE}=auto:${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
  const isNews = !isKept(note);
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${note}; path=/; max-age=31536000; samesite=lax${secure}`;
  return isNews && isKept(note);
}

function isKept(note) {
  return document.cookie.split("; ").includes(note);
}
