import type { ActionCard, ConversationView, JobView, MessageView, ReplySourceView, ServiceError } from "@parley/client";

type Person = NonNullable<ConversationView["operator"]>;

/** Message of a conversation, as an interface shows it. */
export interface ShownMessage {
  /** Stays the same while the message is shown. */
  readonly key: string;
  /** Absent until the service has stored it. */
  readonly id: string | undefined;
  readonly sender: "user" | "ai" | "operator";
  readonly text: string;
  /** `sending` and `refused` are the visitor's; `writing`, `stopped` and `failed` are replies. */
  readonly state: "sending" | "refused" | "writing" | "complete" | "stopped" | "failed";
  /** Unix milliseconds. */
  readonly timestamp: number;
  /** Author of an operator's message. */
  readonly operator: Person | undefined;
  /** Passages that a complete reply rests on. */
  readonly sources: readonly ReplySourceView[];
}

/** State of a conversation. A new object at each change, which keeps those parts that have not changed. */
export interface ParleyState {
  /** `loading`: an earlier conversation is read. `busy`: a message is sent, or its reply is awaited or written. */
  readonly status: "loading" | "ready" | "busy";
  /** Oldest first. */
  readonly messages: readonly ShownMessage[];
  /** Actions that replies propose or proposed. Those in the state `waiting` are to be answered. */
  readonly actions: readonly ActionCard[];
  /** Side that answers: the assistant, a person who is waited for, or `operator`. */
  readonly handledBy: "ai" | "waiting" | "operator";
  readonly operator: Person | undefined;
  /** Prospects of a visitor who waits for a person. */
  readonly expected: ConversationView["expected"];
  /** Latest words of the service itself, such as that a person has taken over. */
  readonly notice: string | undefined;
  /** Latest failure, until something succeeds. If it is `passing`, it is being retried. */
  readonly error: ServiceError | undefined;
}

export const emptyState: ParleyState = {
  status: "loading",
  messages: [],
  actions: [],
  handledBy: "ai",
  operator: undefined,
  expected: undefined,
  notice: undefined,
  error: undefined,
};

type HandlingPart = Pick<ConversationView, "handledBy" | "operator" | "expected">;

export function handlingOf({ handledBy, operator, expected }: HandlingPart): HandlingPart {
  return { handledBy, operator, expected };
}

type MessagePart = Pick<MessageView, "id" | "sender" | "text" | "timestamp" | "finishReason" | "operator" | "sources">;

export function fromView(view: MessagePart): ShownMessage {
  const stopped = view.finishReason === "cancelled" || view.finishReason === "taken_over";
  return {
    key: view.id,
    id: view.id,
    sender: view.sender,
    text: view.text,
    state: stopped ? "stopped" : "complete",
    timestamp: view.timestamp,
    operator: view.operator,
    sources: view.sources ?? [],
  };
}

/** @param key of the message, which it keeps when it gets its id */
export function newMessage(sender: "user" | "ai", key: string, text: string): ShownMessage {
  return {
    key,
    id: undefined,
    sender,
    text,
    state: sender === "user" ? "sending" : "writing",
    timestamp: Date.now(),
    operator: undefined,
    sources: [],
  };
}

/** Puts a message in the place of the one with its id or key, or at the end. */
export function withMessage(messages: readonly ShownMessage[], message: ShownMessage): readonly ShownMessage[] {
  const isSame = ({ id, key }: ShownMessage) => key === message.key || (id !== undefined && id === message.id);
  const known = messages.find(isSame);
  if (known === undefined) return [...messages, message];
  return messages.map((other) => (other === known ? { ...message, key: known.key } : other));
}

/** Shows how a job ended: its reply as it is stored, or none. */
export function withEnd(messages: readonly ShownMessage[], key: string, job: JobView): readonly ShownMessage[] {
  const shown = messages.find((message) => message.key === key);
  const { reply, error, status } = job;
  if (reply) {
    const isStored = messages.some((message) => message.id === reply.id && message.key !== key);
    const others = isStored ? messages.filter((message) => message.key !== key) : messages;
    return withMessage(others, { ...fromView(reply), key });
  }
  if (shown === undefined) return messages;
  // Stopped before its first word, or a person answers.
  if (status !== "failed") return messages.filter((message) => message !== shown);
  return withMessage(messages, { ...shown, text: error?.message ?? "", state: "failed" });
}

/** Puts newer states of actions in the places of the older ones, and new actions at the end. */
export function mergeActions(actions: readonly ActionCard[], newer: readonly ActionCard[] = []): readonly ActionCard[] {
  if (newer.length === 0) return actions;
  const byId = new Map([...actions, ...newer].map((action) => [action.id, action]));
  return [...byId.values()];
}
