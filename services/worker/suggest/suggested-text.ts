import type { Citation } from "../../../shared/db/replies/citations.ts";
import type { ReplyDraft } from "../draft/reply-draft.ts";
import type { Citations } from "../knowledge/citations.ts";
import type { SiteAnswer } from "../knowledge/site-answer.ts";
import type { AtomPlace } from "../reply-text/atom-places.ts";

/** Text of a suggestion while it is written: in this process alone, so that no visitor's stream can come upon it. */
export class SuggestedText implements ReplyDraft {
  text = "";
  attempt = 1;
  #citations: Citations | undefined;

  get sources(): readonly Citation[] {
    return this.#citations?.all ?? [];
  }

  get isUnanswered(): boolean {
    return this.#citations?.isUnanswered ?? false;
  }

  expectSources(answer: SiteAnswer | undefined): void {
    this.#citations = answer?.cite();
  }

  /** Passages are recorded for replies alone. */
  storePassages(): Promise<void> {
    return Promise.resolve();
  }

  cite(place: AtomPlace): void {
    this.#citations?.add(place, this.text);
  }

  push(text: string): void {
    this.text += text;
  }

  restart(): Promise<void> {
    if (this.text !== "") this.attempt += 1;
    this.text = "";
    this.#citations = undefined;
    return Promise.resolve();
  }
}
