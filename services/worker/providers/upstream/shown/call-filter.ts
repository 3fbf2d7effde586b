import { CodeTracker } from "./code-tracker.ts";
import { longestHeld } from "./held-back.ts";

/**
 * Marks by which models write calls of tools, where a server does not know its model's format and passes them on as text:
 * Kimi, Qwen and Hermes, Mistral, Llama, DeepSeek, Granite, MiniMax, Claude's older format.
 */
const beginnings = [
  "<|tool_calls_section_begin|>",
  "<|tool_call_begin|>",
  "<|tool_call|>",
  "<tool_call>",
  "<tool_calls>",
  "<function_call>",
  "<function_calls>",
  "<function=",
  "<invoke name=",
  "[TOOL_CALLS]",
  "<|python_tag|>",
  "<｜tool▁calls▁begin｜>",
  "<｜tool▁call▁begin｜>",
  "<minimax:tool_call>",
].map((mark) => mark.toLowerCase());
/** Nearly all text has none of the characters that begin a mark. */
const mayBegin = /[<[]/;

/**
 * Keeps calls that came as text from the visitor: all from such a mark on. What only looks like a call is never carried
 * out. In code the marks are text.
 */
export class CallFilter {
  readonly #code = new CodeTracker();
  #held = "";
  /** True once a mark has been found. */
  found = false;

  push(text: string): string {
    if (this.found) return "";
    if (this.#held === "" && !mayBegin.test(text)) {
      this.#code.push(text);
      return text;
    }
    this.#held += text;
    let out = "";
    for (;;) {
      const at = this.#nextMark();
      if (at === -1) break;
      out += this.#pass(at);
      if (!this.#code.inCode) {
        this.found = true;
        this.#held = "";
        return out.trimEnd();
      }
      out += this.#pass(1);
    }
    return out + this.#pass(this.#held.length - this.#heldBack());
  }

  /** @returns the text still held back */
  end(): string {
    return this.found ? "" : this.#pass(this.#held.length);
  }

  #nextMark(): number {
    const lower = this.#held.toLowerCase();
    const places = beginnings.map((mark) => lower.indexOf(mark)).filter((at) => at !== -1);
    return places.length > 0 ? Math.min(...places) : -1;
  }

  /** Characters that may begin a mark, with the white space before them: it goes with the mark. */
  #heldBack(): number {
    const marked = longestHeld(this.#held, beginnings);
    if (marked === 0) return 0;
    const before = this.#held.slice(0, this.#held.length - marked);
    return marked + before.length - before.trimEnd().length;
  }

  #pass(length: number): string {
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    this.#code.push(text);
    return text;
  }
}
