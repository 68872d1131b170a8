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
   * Another window had saved meanwhile: nothing is lost, its arrangement is one press away.
   * The element says so; `restored` is called when it has been saved again.
   */
  offerBack(replaced, { url, basedOn }, restored) {
    const { messages } = this;
    const banner = element("p", { className: "lr-banner", role: "status" });
    const restore = element("button", { type: "button", className: "lr-button" });
    restore.textContent = messages.text("restore");
    restore.addEventListener("click", async () => {
      const { widgets, removed } = replaced;
      restore.disabled = true;
      const answer = await this.keep(url, { widgets, removed, based_on: basedOn });
      restore.disabled = false;
      if (answer.detail) {
        banner.firstChild.textContent = messages.text("not_saved", { reason: answer.detail });
        return;
      }
      banner.remove();
      restored();
    });
    banner.append(messages.text("replaced", { time: replaced.saved }), " ", restore);
    return banner;
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
