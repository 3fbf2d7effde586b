import type { ChatState, ReplyMessage, VisitorMessage } from "../../chat/chat-state.ts";
import type { Words } from "../../i18n/ui-strings.ts";
import { noticeWords, placeWords } from "../status-texts.ts";
import { completeSentences } from "./sentences.ts";

/** Sentences that arrive within this time are announced together. */
const gatherMs = 700;
/** Announced text is removed after this time, so that browsing with a screen reader does not find it. */
const keepMs = 7_000;

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
  readonly #said = new Map<string, number>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #gathering = false;
  #before: ChatState | undefined;
  #tag = "en";
  #queue: string[] = [];

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** @param state the visible state; the first one is found by browsing and not announced */
  follow(state: ChatState, words: Words, tag: string): void {
    const before = this.#before;
    [this.#before, this.#tag] = [state, tag];
    if (before === undefined || !before.ready) {
      for (const message of state.messages) if (message.sender === "ai") this.#said.set(message.key, Infinity);
      const writing = state.messages.findLast(isWriting);
      if (writing !== undefined) this.#said.set(writing.key, 0);
      return;
    }
    const old = new Map(before.messages.map((message) => [message.key, message]));
    for (const message of state.messages) {
      const was = old.get(message.key);
      if (message === was) continue;
      if (message.sender === "user") this.#followVisitor(was, message, words);
      else this.#followReply(was, message, words);
    }
    const notice = noticeWords(state.notice, words);
    if (notice !== undefined && state.notice?.kind !== before.notice?.kind) this.say(notice);
  }

  say(text: string): void {
    this.#queue.push(text);
    this.#gather();
  }

  /** Resets when the chat is hidden; when it is shown again, its content is new. */
  rest(): void {
    this.#before = undefined;
    this.#queue = [];
    this.#gathering = false;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#options.region.replaceChildren();
  }

  #followVisitor(was: ChatState["messages"][number] | undefined, message: VisitorMessage, words: Words): void {
    const refused = was?.sender === "user" && was.delivery !== "refused" && message.delivery === "refused";
    if (refused) this.say([words.notSent, message.refusal ?? ""].join(". "));
  }

  #followReply(was: ChatState["messages"][number] | undefined, reply: ReplyMessage, words: Words): void {
    // A page of older messages was added.
    if (was === undefined && reply.phase === "complete" && !this.#isNewest(reply)) this.#said.set(reply.key, Infinity);
    const before = was?.sender === "ai" ? was : undefined;
    // The reply began anew.
    if (before !== undefined && !reply.text.startsWith(before.text)) this.#said.set(reply.key, 0);
    const place = placeWords(reply, words);
    if (place !== undefined && place !== (before && placeWords(before, words))) this.say(place);
    if (reply.phase !== before?.phase) {
      if (reply.phase === "writing" && before !== undefined) this.say(words.writing);
      if (reply.phase === "failed") this.say(reply.failure ?? words.noReply);
      if (reply.phase === "stopped") this.say(words.stopped);
    }
    this.#gather();
  }

  #isNewest(reply: ReplyMessage): boolean {
    return this.#before?.messages.at(-1)?.key === reply.key;
  }

  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    this.#after(gatherMs, () => {
      this.#gathering = false;
      this.#speak();
    });
  }

  #speak(): void {
    const texts = [...this.#queue, ...this.#newSentences()];
    this.#queue = [];
    if (texts.length === 0) return;
    const line = document.createElement("p");
    line.textContent = texts.join(" ");
    this.#options.region.append(line);
    this.#after(keepMs, () => line.remove());
  }

  #newSentences(): string[] {
    const replies = this.#before?.messages.filter((message) => message.sender === "ai") ?? [];
    return replies.flatMap((reply) => {
      const said = this.#said.get(reply.key) ?? 0;
      if (said === Infinity || reply.phase === "queued") return [];
      const whole = reply.phase !== "writing";
      const sentences = completeSentences(this.#options.plainText(reply), this.#tag, whole);
      this.#said.set(reply.key, whole ? Infinity : Math.max(said, sentences.length));
      return sentences.slice(said);
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
