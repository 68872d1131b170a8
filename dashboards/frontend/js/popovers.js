// Native popovers, placed beside the button that opened them.
const GAP = 6;

export function startPopovers(report) {
  const placeOpen = () => {
    const open = report.querySelector("[popover]:popover-open");
    if (open) place(report, open);
  };
  report.addEventListener("toggle", placeOpen, true); // does not bubble, but can be captured
  addEventListener("scroll", placeOpen, { passive: true });
  addEventListener("resize", placeOpen, { passive: true });
}

function place(report, popover) {
  const button = report.querySelector(
    `[popovertarget="${popover.id}"], [aria-controls="${popover.id}"]`,
  );
  const anchor = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const room = { width: document.documentElement.clientWidth, height: innerHeight };
  const left = anchor.left + width + GAP < room.width ? anchor.left : anchor.right - width;
  const below = anchor.bottom + GAP;
  const top = below + height < room.height ? below : Math.max(GAP, room.height - height - GAP);
  popover.style.left = `${Math.max(GAP, Math.min(left, room.width - width - GAP))}px`;
  popover.style.top = `${top}px`;
}
