// What the page asks of the server, and whether what comes back is the server's answer.
const PATIENCE = 15_000;
const END = "<!-- whole -->";

/** Why there is no answer that the page can use; `kind` names a text. */
export class Trouble extends Error {
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

/** What is wrong with an answer; nothing if it is ours and whole, refusals among them. */
export function troubleOf(report, { status, header, body }) {
  if (status === 401) return "signed_out";
  const assets = header("X-Report-Assets");
  if (status === 0 || status === 429 || status >= 500) return "unreachable";
  if (!assets) return header("Content-Type")?.includes("json") ? "" : "odd"; // its fields are looked at
  if (status === 409) return "other_user";
  if (status === 404) return header("X-Report-Elsewhere") ? "gone" : "no_report";
  if (status === 410) return "past";
  if (status !== 200 || !isHtml(header("Content-Type"))) return "";
  if (assets !== report.dataset.assets) return "outdated";
  return body === undefined || body.trimEnd().endsWith(END) ? "" : "odd";
}

const isHtml = (type) => Boolean(type?.startsWith("text/html"));

/** Headers by which the server knows a script, and whose page it belongs to. */
export const headersOf = (report) => ({
  "HX-Request": "true",
  "X-Report-User": report.dataset.user,
});

/** A piece of HTML, or a `Trouble`. */
export async function askForHtml(report, url) {
  const { response, body } = await ask(report, url);
  if (!response.ok || !isHtml(response.headers.get("Content-Type"))) throw new Trouble("odd");
  return body;
}

/** What a page is like that one would go to: a kind of trouble, or nothing. */
export async function troubleAt(report, url) {
  const found = ask(report, url, { method: "HEAD", redirect: "follow" });
  return found.then(
    () => "",
    ({ kind }) => kind,
  );
}

/** Keep something as JSON: what the server says, or `{ detail }` with why it refuses. */
export async function keep(report, url, content) {
  const token = await freshToken(report);
  const { response, body } = await ask(report, url, {
    method: "POST",
    headers: { "X-CSRFToken": token, "Content-Type": "application/json" },
    body: JSON.stringify(content),
  });
  const answer = parsed(response, body);
  if (response.ok) return answer;
  return { detail: answer.detail ?? `HTTP ${response.status}` };
}

/** A log-in in another tab has changed what forms must send: have every form of the page send it. */
export async function freshToken(report) {
  const { response, body } = await ask(report, report.dataset.tokenUrl);
  const { token } = parsed(response, body);
  if (typeof token !== "string") throw new Trouble("odd");
  document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => (field.value = token));
  return token;
}

async function ask(report, url, { headers, ...options } = {}) {
  const answer = await receive(url, {
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE),
    headers: { ...headersOf(report), ...headers },
    ...options,
  });
  const { response, body } = answer;
  const header = (name) => response.headers.get(name);
  const trouble = troubleOf(report, { status: response.status, header, body });
  if (trouble) throw new Trouble(trouble);
  return answer;
}

async function receive(url, options) {
  try {
    const response = await fetch(url, options);
    return { response, body: options.method === "HEAD" ? undefined : await response.text() };
  } catch {
    throw new Trouble("unreachable");
  }
}

function parsed(response, body) {
  if (!response.headers.get("Content-Type")?.includes("json")) return refusal(response);
  try {
    return Object(JSON.parse(body));
  } catch {
    throw new Trouble("odd");
  }
}

/** Only a refusal may come as something other than JSON. */
function refusal(response) {
  if (response.ok) throw new Trouble("odd");
  return {};
}
