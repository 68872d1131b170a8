// What can be added: everything that the tab offers.

export class Gallery {
  /** `add` is called with { widget, picture, w, h, url } of what somebody chose. */
  constructor(dialog, texts, add) {
    this.dialog = dialog;
    this.texts = texts;
    dialog.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button?.dataset.do === "close" || target === dialog) dialog.close();
      if (button?.dataset.do !== "add" || button.disabled) return;
      dialog.close();
      add(offerOf(button));
    });
  }

  /** Open it; what is on the page cannot be added again. */
  open(isOnPage) {
    for (const entry of this.dialog.querySelectorAll("[data-offer]")) {
      const button = entry.querySelector("button");
      button.disabled = isOnPage(entry.dataset.offer);
      button.firstElementChild.textContent = this.texts[button.disabled ? "on_page" : "add"];
    }
    this.dialog.showModal();
  }

  urlOf(widget) {
    return this.entry(widget)?.dataset.url;
  }

  /** A widget as it comes when it is added. */
  offer(widget) {
    const button = this.entry(widget)?.querySelector("[data-do=add]");
    return button && offerOf(button);
  }

  entry(widget) {
    return this.dialog.querySelector(`[data-offer="${widget}"]`);
  }
}

function offerOf(button) {
  const [w, h] = button.dataset.size.split(" ").map(Number);
  return {
    widget: button.closest("[data-offer]").dataset.offer,
    picture: button.dataset.picture,
    w,
    h,
  };
}
