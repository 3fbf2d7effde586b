import type { Citation } from "../../../shared/db/replies/citations.ts";
import type { SiteAnswer } from "../knowledge/site-answer.ts";
import type { AtomPlace } from "../reply-text/atom-places.ts";

/** Text that calls to providers write: a draft that a visitor follows, or a suggestion for an operator. */
export interface ReplyDraft {
  readonly attempt: number;
  readonly text: string;
  /** Citations of the text so far, in its order. */
  readonly sources: readonly Citation[];
  /** True if the text says that the site's knowledge does not hold the answer. */
  readonly isUnanswered: boolean;
  /** Begins the citations of a call, whose text is about to begin. */
  expectSources(answer: SiteAnswer | undefined): void;
  /** Records which passages the attempt is made from. */
  storePassages(answer: SiteAnswer | undefined): Promise<void>;
  /** Cites a passage at a place of the text so far. */
  cite(place: AtomPlace): void;
  push(text: string): void;
  /** Begins anew, if anything was written. */
  restart(): Promise<void>;
}
