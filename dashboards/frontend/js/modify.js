// Modify: the editor is loaded when somebody asks for it.
import { askForHtml, Trouble } from "./server.js";

export function startModifying(report, page) {
  const button = report.querySelector("#lr-modify");
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    await modify(report, button, page).catch(({ kind }) => page.trouble(kind));
    button.removeAttribute("aria-busy");
  });
}

/** The toolbar appears together with what makes it work, or not at all. */
async function modify(report, button, page) {
  const loading = load(button.dataset.editor);
  const toolbar = await askForHtml(report, button.dataset.url);
  const { edit } = await loading;
  report.querySelector("#lr-editor").innerHTML = toolbar;
  edit(report, page);
}

/** A script that is no longer there was replaced by a newer one. */
function load(script) {
  const loading = import(script).catch(() => {
    throw new Trouble("outdated");
  });
  loading.catch(() => {}); // said by whoever awaits it
  return loading;
}
