// What somebody is in the middle of is not torn away by news.
const LONGEST = 30_000; // a forgotten selection must not keep old numbers on the page

let selectedAt = 0;

export function startSelections() {
  document.addEventListener("selectionchange", () => (selectedAt = performance.now()));
}

/** Whether someone has this part open, focus in it that would be lost, or text in it selected. */
export function isInUse(part) {
  const focused = part.querySelector(":focus"); // htmx gives focus back to what has an id
  return (
    part.querySelector(":popover-open") !== null ||
    (focused !== null && !focused.id) ||
    isSelected(part)
  );
}

function isSelected(part) {
  const selection = getSelection();
  const isRecent = performance.now() - selectedAt < LONGEST;
  return isRecent && !selection.isCollapsed && selection.containsNode(part, true);
}
