// Modify: the editor is loaded when somebody asks for it.

export function startModifying(report, page) {
  const button = report.querySelector("#lr-modify");
  button.addEventListener("htmx:afterRequest", async ({ detail: { successful } }) => {
    if (!successful) return;
    const { edit } = await import(button.dataset.editor);
    edit(report, page);
  });
}
