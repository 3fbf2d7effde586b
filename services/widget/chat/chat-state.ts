import type { AssistantInfo } from "../../../shared/protocol/service.ts";

/** Whether a visitor's message has been accepted: `waiting` for its turn or the network, `sending`, `sent`, `refused`. */
export type Delivery = "waiting" | "sending" | "sent" | "refused";

/** Of a reply: its job is `queued`, it is `writing`, and how it ended. */
export type ReplyPhase = "queued" | "writing" | "complete" | "stopped" | "failed";

export type Rating = "up" | "down";

export interface VisitorMessage {
  readonly sender: "user";
  /** The same for the message's whole life, before and after it has an id; for lists. */
  readonly key: string;
  /** Known once it was accepted. */
  readonly id?: string | undefined;
  readonly text: string;
  /** Unix milliseconds. */
  readonly timestamp: number;
  readonly delivery: Delivery;
  /** Why it was refused, in the service's words. */
  readonly refusal?: string | undefined;
}

export interface ReplyMessage {
  readonly sender: "ai";
  readonly key: string;
  readonly id?: string | undefined;
  /** Markdown as far as it has arrived; the bytes of the stored reply at its end. */
  readonly text: string;
  readonly timestamp: number;
  readonly phase: ReplyPhase;
  /** How many jobs are ahead while it is `queued`, as the service estimates. */
  readonly position?: number | undefined;
  /** Why there is none (`failed`), in words fit for the visitor. */
  readonly failure?: string | undefined;
  readonly rating?: Rating | undefined;
}

export type ChatMessage = VisitorMessage | ReplyMessage;

/** What a visitor should know about the connection; at most one at a time. */
export type Notice =
  | { readonly kind: "offline" }
  /** The service does not answer; it is asked again at `resumesAt` (Unix milliseconds). */
  | { readonly kind: "unreachable"; readonly resumesAt: number }
  /** 429 or 503 with `Retry-After`: what waits is sent at `resumesAt`. */
  | { readonly kind: "busy"; readonly resumesAt: number }
  /** The conversation was deleted or its token refused: a new one begins with the next message. */
  | { readonly kind: "restarted" };

/** Everything an interface shows, and nothing of how it came about. A new object at each change. */
export interface ChatState {
  /** `false` until what is stored and the history of a known conversation have been read, or could not be. */
  readonly ready: boolean;
  readonly conversationId: string | undefined;
  /** Oldest first; each reply stands after its own message. */
  readonly messages: readonly ChatMessage[];
  readonly hasOlder: boolean;
  /** A reply is queued or being written: it can be stopped. */
  readonly busy: boolean;
  readonly notice: Notice | undefined;
  /** Greeting and suggestions come from here; `undefined` until known. */
  readonly assistant: AssistantInfo | undefined;
  /** What the visitor has typed and not sent, kept over reloads. */
  readonly draft: string;
}

/** A conversation as an interface drives it. Nothing here rejects: what goes wrong is in the state. */
export interface Chat {
  readonly state: ChatState;
  /** Calls `listener` after each change, at most once a frame while a reply streams. @returns how to stop that */
  subscribe(listener: (state: ChatState) => void): () => void;
  /** Reads what is stored, fetches history, goes on with a reply that is being written, sends what waits. */
  start(): void;
  /** Queues it to be sent once, in order. Blank text is ignored. */
  send(text: string): void;
  /** Stops the oldest reply that has not ended. */
  stop(): void;
  /** Sends a message that was refused, or whose reply failed, again. @param key of the visitor's message or the reply */
  tryAgain(key: string): void;
  rate(key: string, rating: Rating | undefined, comment?: string): void;
  loadOlder(): void;
  setDraft(text: string): void;
  /** Forgets the conversation here; the next message begins a new one, and so does what waits. */
  startAnew(): void;
  /** Starts anew, and has the service erase the conversation: as soon as it answers, after a reload if need be. */
  deleteData(): void;
  /** Ends every request, timer and listener. */
  close(): void;
}
