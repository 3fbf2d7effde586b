import type { ChatState } from "../../chat/chat-state.ts";
import type { Language } from "../../i18n/languages.ts";
import { face } from "../face.ts";
import type { PeopleViews } from "../view-model.ts";
import type { PeopleHost } from "./person-message.ts";

const noPeople: ChatState["handling"] = { handledBy: "ai", lines: [] };

/** Completes the state of the chat of an earlier version, which a page may have that was loaded before an update. */
export function withHandling(state: Omit<ChatState, "handling"> & Partial<ChatState>): ChatState {
  return { handling: noPeople, ...state };
}

/** Views of people, loaded once there may be some. Until then, messages of people are plain lines. */
export class PeoplePart {
  views: PeopleViews | undefined;
  readonly #host: PeopleHost;
  /** Language that is loaded, or being loaded. */
  #language: Language | undefined;

  constructor(host: PeopleHost) {
    this.#host = host;
  }

  update({ assistant, handling, messages }: ChatState, language: Language): void {
    if (this.#language === language || handling === noPeople) return;
    if (assistant?.people || handling.handledBy !== "ai" || messages.some(({ sender }) => sender === "operator"))
      void this.#load(language);
  }

  /** Lets it be loaded again if that failed. */
  allowRetry(): void {
    this.#language = undefined;
  }

  async #load(language: Language): Promise<void> {
    this.#language = language;
    try {
      const { loadPeopleViews, peopleStyles } = await import("./people-views.ts");
      const views = await loadPeopleViews(language, face, this.#host);
      if (this.#language !== language) return;
      if (this.views === undefined) this.#host.addStyles(peopleStyles);
      this.views = views;
      this.#host.onChange();
    } catch {
      // The chat works without them.
    }
  }
}
