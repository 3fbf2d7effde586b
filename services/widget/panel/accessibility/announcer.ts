import type { ChatState, ReplyMessage, VisitorMessage } from "../../chat/chat-state.ts";
import type { UiStrings } from "../../i18n/ui-strings.ts";
import { failureText, noticeText, queueText } from "../status-texts.ts";
import { completeSentences } from "./sentences.ts";

/** Sentences that arrive within this time are announced together. */
const batchMs = 700;
/** Announced text is removed after this time, so that browsing with a screen reader does not find it. */
const removeAfterMs = 7_000;

export interface AnnouncerOptions {
  /** A visually hidden live region. */
  readonly region: HTMLElement;
  /** Text of a reply so far, without markdown. */
  readonly plainText: (reply: ReplyMessage) => string;
}

/**
 * Announces visible changes to a screen reader: replies by whole sentences, and the delivery of messages. The log
 * itself is no live region, as it would be read token by token.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  /** Number of announced sentences of each reply. */
  readonly #announced = new Map<string, number>();
  /** Last announced place of each reply in the queue. */
  readonly #places = new Map<string, string | undefined>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #batchScheduled = false;
  #previous: ChatState | undefined;
  #tag = "en";
  #queue: string[] = [];

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** @param state the visible state; the first one is found by browsing and not announced */
  update(state: ChatState, strings: UiStrings, tag: string): void {
    const before = this.#previous;
    [this.#previous, this.#tag] = [state, tag];
    if (before === undefined || !before.ready) {
      for (const message of state.messages) if (message.sender === "ai") this.#announced.set(message.key, Infinity);
      const writing = state.messages.findLast(isWriting);
      if (writing !== undefined) this.#announced.set(writing.key, 0);
      return;
    }
    const old = new Map(before.messages.map((message) => [message.key, message]));
    // A page of older messages is found by browsing.
    const newest = state.messages.findLastIndex(({ key }) => old.has(key));
    for (const [at, message] of state.messages.entries()) {
      const previous = old.get(message.key);
      if (message === previous) continue;
      if (message.sender === "user") this.#updateVisitorMessage(previous, message, strings);
      else if (message.sender === "ai") this.#updateReply(previous, message, strings);
      else if (newest >= 0 && at > newest) this.announce(`${message.operator?.name}: ${message.text}`);
    }
    for (const { text } of state.handling.lines.slice(before.handling.lines.length)) this.announce(text);
    const notice = noticeText(state.notice, strings);
    if (notice !== undefined && state.notice?.kind !== before.notice?.kind) this.announce(notice);
  }

  announce(text: string): void {
    this.#queue.push(text);
    this.#scheduleBatch();
  }

  /** Resets when the chat is hidden; when it is shown again, its content is new. */
  reset(): void {
    this.#previous = undefined;
    this.#queue = [];
    this.#batchScheduled = false;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#options.region.replaceChildren();
  }

  #updateVisitorMessage(
    previous: ChatState["messages"][number] | undefined,
    message: VisitorMessage,
    strings: UiStrings,
  ): void {
    const refused = previous?.sender === "user" && previous.delivery !== "refused" && message.delivery === "refused";
    if (refused) this.announce([...new Set([strings.notSent, failureText(message, strings)])].join(". "));
  }

  #updateReply(previous: ChatState["messages"][number] | undefined, reply: ReplyMessage, strings: UiStrings): void {
    // A page of older messages was added.
    if (previous === undefined && reply.phase === "complete" && !this.#isNewest(reply))
      this.#announced.set(reply.key, Infinity);
    const before = previous?.sender === "ai" ? previous : undefined;
    // The reply began anew.
    if (before !== undefined && !reply.text.startsWith(before.text)) this.#announced.set(reply.key, 0);
    const place = this.#previous && queueText(reply, this.#previous, strings);
    if (place !== undefined && place !== this.#places.get(reply.key)) this.announce(place);
    this.#places.set(reply.key, place);
    if (reply.phase !== before?.phase) {
      if (reply.phase === "writing" && before !== undefined) this.announce(strings.writing);
      if (reply.phase === "failed") this.announce(failureText(reply, strings));
      if (reply.phase === "stopped" && !reply.takenOver) this.announce(strings.stopped);
    }
    this.#scheduleBatch();
  }

  #isNewest(reply: ReplyMessage): boolean {
    return this.#previous?.messages.at(-1)?.key === reply.key;
  }

  #scheduleBatch(): void {
    if (this.#batchScheduled) return;
    this.#batchScheduled = true;
    this.#after(batchMs, () => {
      this.#batchScheduled = false;
      this.#announceBatch();
    });
  }

  #announceBatch(): void {
    const texts = [...this.#queue, ...this.#newSentences()];
    this.#queue = [];
    if (texts.length === 0) return;
    const line = document.createElement("p");
    line.textContent = texts.join(" ");
    this.#options.region.append(line);
    this.#after(removeAfterMs, () => line.remove());
  }

  #newSentences(): string[] {
    const replies = this.#previous?.messages.filter((message) => message.sender === "ai") ?? [];
    return replies.flatMap((reply) => {
      const announced = this.#announced.get(reply.key) ?? 0;
      if (announced === Infinity || reply.phase === "queued") return [];
      const whole = reply.phase !== "writing";
      const sentences = completeSentences(this.#options.plainText(reply), this.#tag, whole);
      this.#announced.set(reply.key, whole ? Infinity : Math.max(announced, sentences.length));
      return sentences.slice(announced);
    });
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}

function isWriting(message: ChatState["messages"][number]): message is ReplyMessage {
  return message.sender === "ai" && message.phase === "writing";
}
