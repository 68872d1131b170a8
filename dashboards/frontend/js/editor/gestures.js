// What people press while they modify a tab, as calls of the editor.
const STEPS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const SIZES = {
  ArrowLeft: "narrower",
  ArrowRight: "wider",
  ArrowUp: "shorter",
  ArrowDown: "taller",
};

/** Tell the editor until the signal says that it is over. */
export function followGestures(editor, { report, toolbar, grid }, signal) {
  toolbar.addEventListener("click", (event) => onToolbar(editor, event), { signal });
  grid.addEventListener("click", (event) => onMenu(editor, event), { signal });
  grid.addEventListener("keydown", (event) => onKey(editor, event), { signal });
  report.addEventListener("submit", (event) => onPicture(editor, event), { signal, capture: true });
  document.addEventListener("keydown", (event) => onShortcut(editor, event, toolbar), { signal });
}

function onToolbar(editor, { target }) {
  const button = target.closest("[data-do]");
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  const does = {
    undo: () => editor.undo(),
    redo: () => editor.redo(),
    gallery: () => editor.openGallery(),
    reset: () => editor.reset(),
    cancel: () => editor.cancel(),
    save: () => editor.save("mine"),
    everyone: () => editor.askForEveryone(),
  };
  does[button.dataset.do]();
}

function onMenu(editor, { target }) {
  const button = target.closest("[data-do]");
  if (!button) return;
  const widget = widgetOf(button);
  if (button.dataset.do === "remove") editor.remove(widget);
  else if (button.dataset.do === "default") editor.resetOne(widget);
  else editor.step(widget, button.dataset.do);
}

function onKey(editor, event) {
  const { target, key } = event;
  if (!target.closest("[data-handle]") || event.ctrlKey || event.altKey || event.metaKey) return;
  const step = (event.shiftKey ? SIZES : STEPS)[key];
  if (key === "Delete" || key === "Backspace") editor.remove(widgetOf(target));
  else if (step) editor.step(widgetOf(target), step);
  else return;
  event.preventDefault();
}

function onShortcut(editor, event, toolbar) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || toolbar.inert) return;
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) editor.undo();
  else if (key === "y" || key === "z") editor.redo();
  else return;
  event.preventDefault();
}

/** The choice of a picture belongs to the draft: it is not sent. */
function onPicture(editor, event) {
  const { target: form, submitter } = event;
  if (!form.matches("[data-pictures]")) return;
  event.preventDefault();
  event.stopPropagation();
  editor.depict(widgetOf(form), submitter.value, submitter.textContent.trim());
}

function widgetOf(element) {
  return element.closest(".lr-cell").dataset.widget;
}
