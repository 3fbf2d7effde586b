import type { ActionCard } from "../../../shared/protocol/actions/action-card.ts";
import type { Rating } from "../../../shared/protocol/conversation.ts";
import type { FeedbackReason } from "../../../shared/protocol/feedback.ts";
import type { Handling, HandoffRequest, OperatorView } from "../../../shared/protocol/handling.ts";
import type { StretchRatingRequest } from "../../../shared/protocol/people/stretch-rating.ts";
import type { AssistantInfo } from "../../../shared/protocol/service.ts";
import type { CitedSource } from "./cited-source.ts";
import type { ParleyEvents } from "../../../packages/client/source/parley.d.ts";

/** An event of the element. */
export type ParleyEvent = {
  [Type in keyof ParleyEvents]: { type: Type; detail: ParleyEvents[Type] };
}[keyof ParleyEvents];

/**
 * Delivery of a visitor's message: `waiting` for its turn or the network, `sending`, `sent` once accepted, `refused`.
 */
export type DeliveryState = "waiting" | "sending" | "sent" | "refused";

/** Phase of a reply: its job is `queued`, its text is being written (`writing`), or its end. */
export type ReplyPhase = "queued" | "writing" | "complete" | "stopped" | "failed";

export interface VisitorMessage {
  readonly sender: "user";
  /** Key for lists: constant for the message's whole life, before and after it has an id. */
  readonly key: string;
  /** Set once the message was accepted. */
  readonly id?: string | undefined;
  readonly text: string;
  /** Unix milliseconds. */
  readonly timestamp: number;
  readonly delivery: DeliveryState;
  /** Id of the message that this one stands for. That one is not shown any more, nor is its reply. */
  readonly replaces?: string | undefined;
  /** Reason for the refusal in the service's English words, and its code. */
  readonly refusal?: string | undefined;
  readonly problem?: string | undefined;
}

export interface ReplyMessage {
  readonly sender: "ai";
  readonly key: string;
  readonly id?: string | undefined;
  /** Markdown received so far. When the reply has ended, the bytes of the stored reply. */
  readonly text: string;
  readonly timestamp: number;
  readonly phase: ReplyPhase;
  /** Number of jobs ahead while the reply is `queued`, as the service estimates. */
  readonly position?: number | undefined;
  /** Reason for a `failed` reply in the service's English words, and its code. */
  readonly failure?: string | undefined;
  readonly problem?: string | undefined;
  readonly rating?: Rating | undefined;
  /** Sources that it names, in the order of their places; absent without any. */
  readonly sources?: readonly CitedSource[] | undefined;
  /** True if it was stopped by a person who took over. It stands as it is, and is asked for no more. */
  readonly takenOver?: boolean | undefined;
}

/** Message of a person of the site's team. */
export interface PersonMessage {
  readonly sender: "operator";
  readonly key: string;
  readonly id: string;
  readonly text: string;
  readonly timestamp: number;
  /** Its author; absent if the service does not know any more. */
  readonly operator?: OperatorView | undefined;
}

export type ChatMessage = VisitorMessage | ReplyMessage | PersonMessage;

/** Line of the service itself in the conversation. Lasts as long as the page. */
export interface ServiceLine {
  readonly text: string;
  /** Key of the message that it follows. */
  readonly after: string | undefined;
}

/** Side that answers, as it is stored in this browser. */
export interface StoredHandling extends Handling {
  /** Address that the visitor has left in this browser. */
  readonly email?: string | undefined;
}

export type HandoffWish = Pick<HandoffRequest, "email">;

/** Facts about people that only a page knows. */
export interface HandlingNews {
  readonly lines: readonly ServiceLine[];
  /** Place among those who wait for a person, from 1. */
  readonly position?: number | undefined;
  /** Name of the person who is typing. */
  readonly typing?: string | undefined;
  /** True while the service is asked for a change. */
  readonly asking?: boolean | undefined;
  /** Number of the stretch with a person about which this page has answered. */
  readonly rated?: number | undefined;
  /** Code of the reason for which the service refused the last change. */
  readonly problem?: string | undefined;
}

/** Facts about the visitor's answer to a card that only a page knows. */
export interface AnswerNews {
  /** Answer that is being sent. Whether it was accepted is not known yet. */
  readonly sending?: boolean | undefined;
  /** Code of the reason for which the service refused the answer. */
  readonly problem?: string | undefined;
}

/** Notice about the connection for the visitor; at most one at a time. */
export type ConnectionNotice =
  | { readonly kind: "offline" }
  /** The service does not answer. The next request is sent at `resumesAt` (Unix milliseconds). */
  | { readonly kind: "unreachable"; readonly resumesAt: number }
  /** Response 503 with `Retry-After`: waiting messages are sent at `resumesAt`. */
  | { readonly kind: "busy"; readonly resumesAt: number }
  /** Response 429: the visitor has sent as much as is allowed for now. */
  | { readonly kind: "limited"; readonly resumesAt: number }
  /** The conversation was deleted or its token refused. The next message begins a new one. */
  | { readonly kind: "restarted" }
  /** The service does not allow the page's origin. Nothing is sent until the visitor tries again. */
  | { readonly kind: "originRefused" };

/** Complete state for an interface, without its origin. A new object at each change. */
export interface ChatState {
  /** `false` until storage and the history of a known conversation have been read, or reading has failed. */
  readonly ready: boolean;
  readonly conversationId: string | undefined;
  /** Oldest first; each reply follows its own message. Without those that were replaced. */
  readonly messages: readonly ChatMessage[];
  /** Actions that the assistant has proposed, oldest first, as far as the page has seen. */
  readonly actions: readonly ActionCard[];
  /** News of the visitor's answers, by the ids of actions. */
  readonly answers: Readonly<Record<string, AnswerNews>>;
  readonly hasOlder: boolean;
  /** True while a reply is queued or being written and can be stopped. */
  readonly busy: boolean;
  readonly notice: ConnectionNotice | undefined;
  readonly handling: StoredHandling & HandlingNews;
  /** Source of greeting and suggestions; `undefined` until known. */
  readonly assistant: AssistantInfo | undefined;
  /** True until the assistant is known, or the first request for it has failed. */
  readonly assistantPending: boolean;
  /** True while messages wait for the visitor to agree that a conversation begins. */
  readonly consentAsked: boolean;
  /** Text typed and not sent, kept over reloads. */
  readonly draft: string;
}

/** A conversation that the visitor had before. */
export interface EarlierConversation {
  readonly id: string;
  /** Unix milliseconds. */
  readonly updatedAt: number;
  /** Beginning of its newest message. */
  readonly preview: string;
}

/** A conversation as an interface drives it. No method rejects: errors are part of the state. */
export interface Chat {
  readonly state: ChatState;
  /**
   * Calls `listener` after each change, at most once a frame while a reply streams.
   * @returns a function that unsubscribes
   */
  subscribe(listener: (state: ChatState) => void): () => void;
  /** Lists what has happened since an earlier state, in the words of the page's events. */
  eventsSince(before: ChatState): readonly ParleyEvent[];
  /** Reads storage, fetches history, resumes a reply that is being written, and sends waiting messages. */
  start(): void;
  /** Tells whether the visitor sees the conversation. While it is shown, what happens elsewhere appears here. */
  setShown(shown: boolean): void;
  /** Queues a message to be sent once, in order. Blank text is ignored. */
  send(text: string): void;
  /** Stops the oldest reply that has not ended. */
  stop(): void;
  /**
   * Sends a message again that was refused, or whose reply failed, was stopped, or is the newest one. Once accepted, it
   * replaces the message that was answered.
   * @param key of the visitor's message or the reply
   */
  tryAgain(key: string): void;
  rate(key: string, rating: Rating | undefined, comment?: string, reason?: FeedbackReason): void;
  /** Notes that the visitor agrees that conversations begin; waiting messages are sent. */
  giveConsent(): void;
  /** Answers the card of an action: yes or no. Only the service says what came of it. */
  answerAction(id: string, confirm: boolean): void;
  loadOlder(): void;
  /**
   * Asks that a person answers or, with `null`, that the assistant answers again, while a person is waited for.
   * @param wish `email`: address at which the visitor can be reached; `null` removes the one left before
   */
  handOff(wish: HandoffWish | null): void;
  /** Says how it went with a person, or that the visitor does not want to say. The visitor is not asked again. */
  rateStretch(stretch: number, answer: StretchRatingRequest): void;
  /**
   * Reads the newest conversations of a verified visitor with this assistant, other than the present one. Those of
   * others, and where they cannot be read, there are none.
   */
  readEarlier(): Promise<readonly EarlierConversation[]>;
  /** Goes on with an earlier conversation, in all tabs. */
  continueConversation(id: string): void;
  /** Reads the whole conversation as a text; `undefined`: there is none, or it cannot be read now. */
  readTranscript(): Promise<string | undefined>;
  setDraft(text: string): void;
  /** Forgets the conversation in this browser. The next message begins a new one; waiting messages move to it. */
  startNew(): void;
  /**
   * Starts anew and asks the service to erase the conversation. The request is retried until answered, also after a
   * reload.
   */
  deleteData(): void;
  /** Ends every request, timer and listener. */
  close(): void;
}
