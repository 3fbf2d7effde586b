import type { Rating } from "../../../shared/protocol/conversation.ts";
import type { FeedbackReason } from "../../../shared/protocol/feedback.ts";
import type { StretchRatingRequest } from "../../../shared/protocol/people/stretch-rating.ts";
import { eventsBetween } from "../chat/chat-events.ts";
import type {
  Chat,
  ChatMessage,
  ChatState,
  EarlierConversation,
  HandoffWish,
  ParleyEvent,
} from "../chat/chat-state.ts";

/** Calls of the interface to the chat, in order. */
export type ScriptedCall = readonly [action: string, ...details: unknown[]];

/** Chat whose state is set from outside, so that every state of an interface can be shown. */
export class ScriptedChat implements Chat {
  state: ChatState = {
    ready: true,
    conversationId: undefined,
    messages: [],
    actions: [],
    answers: {},
    hasOlder: false,
    busy: false,
    notice: undefined,
    handling: { handledBy: "ai", lines: [] },
    assistant: undefined,
    assistantPending: false,
    consentAsked: false,
    draft: "",
  };
  earlier: readonly EarlierConversation[] = [];
  transcript: string | undefined;
  readonly calls: ScriptedCall[] = [];
  readonly #listeners = new Set<(state: ChatState) => void>();

  set(change: Partial<ChatState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.#listeners) listener(this.state);
  }

  /** Adds a message, or changes the one with its key. */
  put(message: ChatMessage): void {
    const known = this.state.messages.some(({ key }) => key === message.key);
    const messages = known
      ? this.state.messages.map((each) => (each.key === message.key ? message : each))
      : [...this.state.messages, message];
    this.set({ messages, busy: messages.some((each) => each.sender === "ai" && isOpen(each.phase)) });
  }

  subscribe(listener: (state: ChatState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  eventsSince(before: ChatState): readonly ParleyEvent[] {
    return eventsBetween(before, this.state);
  }

  start(): void {
    this.calls.push(["start"]);
  }

  setShown(): void {}

  send(text: string): void {
    this.calls.push(["send", text]);
  }

  stop(): void {
    this.calls.push(["stop"]);
  }

  tryAgain(key: string): void {
    this.calls.push(["tryAgain", key]);
  }

  rate(key: string, rating: Rating | undefined, comment?: string, reason?: FeedbackReason): void {
    this.calls.push(["rate", key, rating, comment, ...(reason === undefined ? [] : [reason])]);
    const reply = this.state.messages.find((message) => message.key === key);
    if (reply?.sender === "ai") this.put({ ...reply, rating });
  }

  loadOlder(): void {
    this.calls.push(["loadOlder"]);
  }

  handOff(wish: HandoffWish | null): void {
    this.calls.push(["handOff", wish]);
  }

  answerAction(id: string, confirm: boolean): void {
    this.calls.push(["answerAction", id, confirm]);
    this.set({ answers: { ...this.state.answers, [id]: { sending: confirm } } });
  }

  rateStretch(stretch: number, answer: StretchRatingRequest): void {
    this.calls.push(["rateStretch", stretch, answer]);
    this.set({ handling: { ...this.state.handling, rated: stretch } });
  }

  giveConsent(): void {
    this.calls.push(["giveConsent"]);
    this.set({ consentAsked: false });
  }

  readEarlier(): Promise<readonly EarlierConversation[]> {
    this.calls.push(["readEarlier"]);
    return Promise.resolve(this.earlier);
  }

  continueConversation(id: string): void {
    this.calls.push(["continueConversation", id]);
  }

  readTranscript(): Promise<string | undefined> {
    this.calls.push(["readTranscript"]);
    return Promise.resolve(this.transcript);
  }

  setDraft(draft: string): void {
    this.set({ draft });
  }

  startNew(): void {
    this.calls.push(["startNew"]);
    this.set({ messages: [], busy: false });
  }

  deleteData(): void {
    this.calls.push(["deleteData"]);
    this.set({ messages: [], busy: false });
  }

  close(): void {
    this.calls.push(["close"]);
  }
}

function isOpen(phase: string): boolean {
  return phase === "queued" || phase === "writing";
}
