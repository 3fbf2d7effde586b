import type { FeedbackReason } from "../../../../shared/protocol/feedback.ts";

/** Texts in one language of the parts of the panel that few visitors need. Loaded with the first of them. */
export interface LateStrings {
  readonly startNew: string;
  readonly saveTranscript: string;
  readonly deleteData: string;
  readonly cancel: string;

  readonly confirmNew: Confirmation;
  readonly confirmDelete: Confirmation;
  readonly deleting: string;

  readonly comment: string;
  readonly reason: string;
  readonly reasons: Readonly<Record<FeedbackReason, string>>;
  readonly sendComment: string;

  /** Asks for the visitor's agreement; a link to the text about privacy follows. */
  readonly consent: string;
  readonly agree: string;

  readonly openedAsFile: string;
}

interface Confirmation {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
}
