import type { ChatState, ReplyMessage } from "../chat/chat-state.ts";
import type { MarkdownReply } from "../../../shared/markdown/markdown-reply.ts";
import type { MarkdownContext } from "../../../shared/markdown/render-blocks.ts";
import { TextSmoother } from "./text-smoother.ts";
import type { SourceViews } from "./view-model.ts";

/** Text of a reply between the chat and the page. */
interface RenderedReply {
  readonly smoother: TextSmoother;
  markdown: MarkdownReply | undefined;
  /** Kept while its inputs are the same, so that an unchanged reply is not rendered again. */
  context?: { readonly inputs: readonly unknown[]; readonly value: MarkdownContext };
}

interface RenderingContext extends Pick<MarkdownContext, "strings" | "copyCode"> {
  readonly sources: SourceViews | undefined;
}

/** Texts of replies: smoothed, and rendered as markdown once that code is loaded. */
export class ReplyRenderer {
  readonly #replies = new Map<string, RenderedReply>();
  readonly #onChange: () => void;
  #Markdown: typeof MarkdownReply | undefined;
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

  render({ key, text, phase, sources }: ReplyMessage, given: RenderingContext): unknown {
    const shown = this.#replies.get(key);
    const part = shown?.smoother.shown ?? text;
    const reader = this.#reader(shown);
    if (shown === undefined || reader === undefined) return part;
    return reader.render(part, phase !== "writing" && !shown.smoother.isBehind, contextOf(shown, sources, given));
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

function contextOf(
  shown: RenderedReply,
  cited: ReplyMessage["sources"],
  { strings, copyCode, sources }: RenderingContext,
): MarkdownContext {
  const inputs = [strings, cited, sources];
  if (!shown.context?.inputs.every((input, at) => input === inputs[at]))
    shown.context = { inputs, value: { strings, copyCode, sources: cited && sources?.numbers(cited) } };
  return shown.context?.value;
}
