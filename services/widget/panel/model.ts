import type { ChatState, Rating, ReplyMessage } from "../chat/chat-state.ts";
import type { Settings } from "../element/settings.ts";
import type { MarkdownContext } from "../markdown/markdown.ts";
import type { Words } from "../i18n/words.ts";
import type { Formats } from "./formats.ts";

/** What the panel itself knows, beside the chat. */
export interface Ui {
  readonly menuOpen: boolean;
  readonly question: "new" | "delete" | undefined;
  /** Which reply is being commented on, and for which the visitor was thanked. */
  readonly commenting: string | undefined;
  readonly thanked: string | undefined;
  readonly copied: string | undefined;
  /** The newest message is in view. */
  readonly atEnd: boolean;
  readonly isFull: boolean;
}

/** All that one drawing of the panel stands on. */
export interface View {
  readonly state: ChatState;
  readonly settings: Settings;
  readonly words: Words;
  readonly formats: Formats;
  readonly ui: Ui;
  readonly actions: Actions;
  /** A reply's text as elements; plain until the code for that is there. */
  readonly renderText: (reply: ReplyMessage) => unknown;
}

export interface Actions {
  readonly close: () => void;
  readonly send: (text: string) => void;
  readonly stop: () => void;
  readonly tryAgain: (key: string) => void;
  readonly rate: (key: string, rating: Rating | undefined) => void;
  readonly comment: (key: string, rating: Rating, text: string) => void;
  readonly copyReply: (key: string, text: string, html: string | undefined) => void;
  readonly copyCode: MarkdownContext["copyCode"];
  readonly loadOlder: () => void;
  readonly toNewest: () => void;
  readonly toggleMenu: (open: boolean) => void;
  readonly ask: (question: Ui["question"]) => void;
  readonly startAnew: () => void;
  readonly deleteData: () => void;
}
