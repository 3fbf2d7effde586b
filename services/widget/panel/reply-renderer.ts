import type { ChatState, ReplyMessage } from "../chat/chat-state.ts";
import type { ReplyText } from "../markdown/markdown-reply.ts";
import type { MarkdownContext } from "../markdown/render-blocks.ts";
import type { Words } from "../i18n/ui-strings.ts";
import { Pace } from "./text-smoother.ts";

/** Text of a reply between the chat and the page. */
interface Shown {
  readonly pace: Pace;
  text: ReplyText | undefined;
}

/** Texts of replies: smoothed, and rendered as markdown once that code is loaded. */
export class Replies {
  readonly #shown = new Map<string, Shown>();
  readonly #changed: () => void;
  #markdown: typeof ReplyText | undefined;
  #context: MarkdownContext | undefined;
  #loading = false;
  #frame: number | undefined;

  /** @param changed called when there is something new to render */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  follow({ messages, busy }: ChatState): void {
    if (busy || messages.some(({ sender }) => sender === "ai")) this.#load();
    const even = !document.hidden && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    const gone = new Set(this.#shown.keys());
    for (const message of messages) {
      if (message.sender !== "ai") continue;
      gone.delete(message.key);
      const shown = this.#shown.get(message.key) ?? { pace: new Pace(), text: undefined };
      this.#shown.set(message.key, shown);
      shown.pace.grow(message.text, even);
    }
    for (const key of gone) this.#shown.delete(key);
    this.#run();
  }

  render({ key, text, phase }: ReplyMessage, words: Words, copyCode: MarkdownContext["copyCode"]): unknown {
    const shown = this.#shown.get(key);
    const part = shown?.pace.shown ?? text;
    const reader = this.#reader(shown);
    return reader === undefined
      ? part
      : reader.render(part, phase !== "writing" && !shown?.pace.behind, this.#contextOf(words, copyCode));
  }

  plainText({ key, text, phase }: ReplyMessage): string {
    return this.#reader(this.#shown.get(key))?.plain(text, phase !== "writing") ?? text;
  }

  close(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  #reader(shown: Shown | undefined): ReplyText | undefined {
    if (shown === undefined || this.#markdown === undefined) return undefined;
    return (shown.text ??= new this.#markdown());
  }

  /** Returns the same object for the same language, so that unchanged replies are not rendered again. */
  #contextOf(words: Words, copyCode: MarkdownContext["copyCode"]): MarkdownContext {
    if (this.#context?.words !== words) this.#context = { words, copyCode };
    return this.#context;
  }

  #run(): void {
    if (this.#frame !== undefined || ![...this.#shown.values()].some(({ pace }) => pace.behind)) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = undefined;
      for (const { pace } of this.#shown.values()) pace.step();
      this.#changed();
      this.#run();
    });
  }

  #load(): void {
    if (this.#loading || this.#markdown !== undefined) return;
    this.#loading = true;
    void import("../markdown/markdown-reply.ts").then(
      (module) => {
        this.#markdown = module.ReplyText;
        this.#changed();
      },
      () => {
        // Plain text is readable, too; the next reply retries the load.
        this.#loading = false;
      },
    );
  }
}
