import type { ChatState, ReplyMessage } from "../chat/chat-state.ts";
import type { MarkdownReply } from "../../../shared/markdown/markdown-reply.ts";
import type { MarkdownContext } from "../../../shared/markdown/render-blocks.ts";
import type { UiStrings } from "../i18n/ui-strings.ts";
import { TextSmoother } from "./text-smoother.ts";

/** Text of a reply between the chat and the page. */
interface RenderedReply {
  readonly smoother: TextSmoother;
  markdown: MarkdownReply | undefined;
}

/** Texts of replies: smoothed, and rendered as markdown once that code is loaded. */
export class ReplyRenderer {
  readonly #replies = new Map<string, RenderedReply>();
  readonly #onChange: () => void;
  #Markdown: typeof MarkdownReply | undefined;
  #context: MarkdownContext | undefined;
  #loading = false;
  #frame: number | undefined;

  /** @param onChange called when there is something new to render */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  update({ messages, busy }: ChatState): void {
    if (busy || messages.some(({ sender }) => sender === "ai")) this.#loadMarkdown();
    const smooth = !document.hidden && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    const gone = new Set(this.#replies.keys());
    for (const message of messages) {
      if (message.sender !== "ai") continue;
      gone.delete(message.key);
      const shown = this.#replies.get(message.key) ?? { smoother: new TextSmoother(), markdown: undefined };
      this.#replies.set(message.key, shown);
      shown.smoother.update(message.text, smooth);
    }
    for (const key of gone) this.#replies.delete(key);
    this.#animate();
  }

  render({ key, text, phase }: ReplyMessage, strings: UiStrings, copyCode: MarkdownContext["copyCode"]): unknown {
    const shown = this.#replies.get(key);
    const part = shown?.smoother.shown ?? text;
    const reader = this.#reader(shown);
    return reader === undefined
      ? part
      : reader.render(part, phase !== "writing" && !shown?.smoother.isBehind, this.#contextOf(strings, copyCode));
  }

  plainText({ key, text, phase }: ReplyMessage): string {
    return this.#reader(this.#replies.get(key))?.plainText(text, phase !== "writing") ?? text;
  }

  close(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  #reader(shown: RenderedReply | undefined): MarkdownReply | undefined {
    if (shown === undefined || this.#Markdown === undefined) return undefined;
    return (shown.markdown ??= new this.#Markdown());
  }

  /** Returns the same object for the same language, so that unchanged replies are not rendered again. */
  #contextOf(strings: UiStrings, copyCode: MarkdownContext["copyCode"]): MarkdownContext {
    if (this.#context?.strings !== strings) this.#context = { strings, copyCode };
    return this.#context;
  }

  #animate(before = performance.now()): void {
    if (this.#frame !== undefined || ![...this.#replies.values()].some(({ smoother }) => smoother.isBehind)) return;
    this.#frame = requestAnimationFrame((now) => {
      this.#frame = undefined;
      for (const { smoother } of this.#replies.values()) smoother.advance(now - before);
      this.#onChange();
      this.#animate(now);
    });
  }

  #loadMarkdown(): void {
    if (this.#loading || this.#Markdown !== undefined) return;
    this.#loading = true;
    void import("../../../shared/markdown/markdown-reply.ts").then(
      (module) => {
        this.#Markdown = module.MarkdownReply;
        this.#onChange();
      },
      () => {
        // Plain text is readable, too; the next reply retries the load.
        this.#loading = false;
      },
    );
  }
}
