// What is to be pasted elsewhere goes to the clipboard by one press.
const SHOWN = 2_000;

/** The buttons of an area copy the text of the element that they name, where browsers let them. */
export function offerCopies(area) {
  if (!navigator.clipboard) return;
  for (const button of area.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const { textContent: usual, dataset } = button;
  if (usual === dataset.done) return;
  try {
    await navigator.clipboard.writeText(document.getElementById(dataset.copy).textContent);
  } catch {
    return; // it stays as it is: one can select the text
  }
  button.textContent = dataset.done;
  setTimeout(() => {
    button.textContent = usual;
  }, SHOWN);
}
