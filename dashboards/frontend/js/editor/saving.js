// Drafts on their way to the server, and back from it.
import { keep, Trouble } from "../server.js";

export class Saving {
  constructor(report, messages) {
    this.report = report;
    this.messages = messages;
    this.unanswered = []; // drafts of which we do not know whether they were saved
  }

  get isUncertain() {
    return this.unanswered.length > 0;
  }

  /** The server's answer, or `{ detail }` with why there is none. */
  async keep(url, draft) {
    try {
      const answer = await keep(this.report, url, draft);
      if (!answer.detail && typeof answer.layout !== "string") throw new Trouble("odd");
      return answer;
    } catch ({ kind }) {
      this.unanswered.push(draft);
      return { detail: this.messages.reason(kind) };
    }
  }

  /** Whether an arrangement that the server replaced is one that I had sent myself. */
  isMine(replaced) {
    return this.unanswered.some((draft) => plain(draft) === plain(replaced));
  }

  /**
   * A line that says something, with a button that saves drafts one after the other.
   * `saved` is called when all of them are; what could not be saved can be tried again.
   */
  offer({ said, button, saves }, saved) {
    const { messages } = this;
    const banner = element("p", { className: "lr-banner", role: "status" });
    const press = element("button", { type: "button", className: "lr-button" });
    press.textContent = messages.text(button);
    press.addEventListener("click", async () => {
      press.disabled = true;
      const trouble = await this.keepAll(saves);
      press.disabled = false;
      if (trouble) {
        banner.firstChild.textContent = messages.text("not_saved", { reason: trouble });
        return;
      }
      banner.remove();
      saved();
    });
    banner.append(said, " ", press);
    return banner;
  }

  /** Why one of them could not be saved, if so; what comes after it is not tried. */
  async keepAll(saves) {
    for (const { url, draft } of saves) {
      const { detail } = await this.keep(url, draft);
      if (detail) return detail;
    }
    return "";
  }
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

function plain({ widgets, removed }) {
  const items = widgets.map(({ widget, x, y, w, h, picture, hidden }) => [
    [widget, x, y, w, h, picture],
    hidden,
  ]);
  return JSON.stringify([items.sort(), [...removed].sort()]);
}
