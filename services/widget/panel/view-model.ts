import type { TemplateResult } from "lit/html.js";
import type { Rating } from "../../../shared/protocol/conversation.ts";
import type { FeedbackReason } from "../../../shared/protocol/feedback.ts";
import type { Chat, ChatState, PersonMessage, ReplyMessage } from "../chat/chat-state.ts";
import type { CitedSource } from "../chat/cited-source.ts";
import type { Settings } from "../element/settings.ts";
import type { MarkdownContext } from "../../../shared/markdown/render-blocks.ts";
import type { UiStrings } from "../i18n/ui-strings.ts";
import type { Formats } from "./formats.ts";

/** State of the panel itself, beside the chat's. */
export interface PanelState {
  readonly menuOpen: boolean;
  readonly confirming: "new" | "delete" | undefined;
  /** Key of the reply being commented on, and of the one whose comment was acknowledged. */
  readonly commenting: string | undefined;
  readonly thanked: string | undefined;
  readonly copied: string | undefined;
  /** True if the newest message is in view. */
  readonly atEnd: boolean;
  readonly isFull: boolean;
  /** Addresses of pictures that cannot be shown. */
  readonly brokenPictures: ReadonlySet<string>;
  /** Repeats the action for which the late parts could not be loaded. */
  readonly again: (() => void) | undefined;
}

export const initialPanelState: PanelState = {
  menuOpen: false,
  confirming: undefined,
  commenting: undefined,
  thanked: undefined,
  copied: undefined,
  atEnd: true,
  isFull: false,
  again: undefined,
  brokenPictures: new Set(),
};

/** Parts of the panel that are loaded at the first use of one of them. */
export interface LateViews {
  readonly menu: (view: ViewModel) => TemplateResult;
  readonly comment: (reply: ReplyMessage, view: ViewModel) => TemplateResult;
  readonly confirmation: (view: ViewModel) => TemplateResult;
  /** Says that a page opened as a file cannot be helped. */
  readonly fromFile: TemplateResult;
  /** @param link to the text about privacy, if there is one */
  readonly consent: (link: unknown, view: ViewModel) => TemplateResult;
}

/** Views of people beside the assistant; loaded where there are some. */
export interface PeopleViews {
  /** @param first of several by the same person: only the first has a face and a name */
  readonly message: (message: PersonMessage, first: boolean, view: ViewModel) => TemplateResult;
  /** Lines of the service after a message. */
  readonly lines: (key: string, view: ViewModel) => unknown;
  readonly typing: (view: ViewModel) => unknown;
  /** Says who answers, and lets the visitor change it; stands above the message field. */
  readonly bar: (view: ViewModel) => unknown;
  readonly menuItem: (view: ViewModel) => unknown;
}

/** Views of the sources that replies name; loaded where there are some. */
export interface SourceViews {
  /** Views of the numbers in a reply's text. @param sources those of one reply */
  readonly numbers: (sources: readonly CitedSource[]) => MarkdownContext["sources"];
  /** List below a reply. */
  readonly list: (reply: ReplyMessage) => unknown;
  /** Hides the passage that is shown. @returns false if there is none */
  readonly dismiss: () => boolean;
}

/** Views of the cards of actions; loaded where there are some. */
export interface CardViews {
  /** Cards after a message. */
  readonly after: (key: string, view: ViewModel) => unknown;
  /** Tells screen readers of cards that wait and of new states, each once. */
  readonly announce: (state: ChatState) => void;
}

/** All inputs of one rendering of the panel. */
export interface ViewModel {
  readonly state: ChatState;
  readonly settings: Settings;
  readonly strings: UiStrings;
  readonly formats: Formats;
  readonly ui: PanelState;
  readonly actions: Actions;
  readonly late: LateViews | undefined;
  readonly people: PeopleViews | undefined;
  readonly sources: SourceViews | undefined;
  readonly cards: CardViews | undefined;
  /** Earlier conversations of the visitor, where there are some to choose from. */
  readonly earlier: ((view: ViewModel) => TemplateResult) | undefined;
  /** Renders a reply's text as elements; as plain text until the markdown code is loaded. */
  readonly renderText: (reply: ReplyMessage) => unknown;
}

export interface Actions {
  readonly close: () => void;
  readonly send: (text: string) => void;
  readonly stop: () => void;
  readonly tryAgain: (key: string) => void;
  readonly rate: (key: string, rating: Rating | undefined) => void;
  /** Sends what the visitor adds to a rating, and closes the form. */
  readonly comment: (
    key: string,
    rating: Rating | undefined,
    said: { comment?: string; reason?: FeedbackReason },
  ) => void;
  readonly copyReply: (key: string, text: string, html: string | undefined) => void;
  readonly copyCode: MarkdownContext["copyCode"];
  readonly pictureBroke: (url: string) => void;
  /** @param wish as the chat takes it */
  readonly handOff: Chat["handOff"];
  readonly rateStretch: Chat["rateStretch"];
  readonly answerAction: Chat["answerAction"];
  readonly giveConsent: () => void;
  readonly loadOlder: () => void;
  readonly continueConversation: (id: string) => void;
  readonly scrollToNewest: () => void;
  readonly toggleMenu: (open: boolean) => void;
  readonly confirm: (confirming: PanelState["confirming"]) => void;
  /** Absent in a page whose chat was loaded before an update. @param save receives the text */
  readonly saveTranscript: ((save: (text: string) => void) => void) | undefined;
  readonly startNew: () => void;
  /** @param words for screen readers */
  readonly deleteData: (words: string) => void;
}
