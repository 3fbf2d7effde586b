import { longestHeld } from "./held-back.ts";

const headerEnd = "<|message|>";
/** End marks of a message's text. The last two begin another message, whose predecessor's end mark was left out. */
const messageEnds = ["<|end|>", "<|return|>", "<|call|>", "<|start|>", "<|channel|>"];

/** Extracts the visitor's text from gpt-oss's own format (harmony), where a server passes it on unchanged. */
export class HarmonyFilter {
  #held = "";
  #inHeader = true;
  #shown = false;

  push(text: string): string {
    this.#held += text;
    let out = "";
    for (;;) {
      const found = this.#inHeader ? this.#readHeader() : this.#readBody();
      if (found === undefined) return out;
      out += found.text;
      if (!found.more) return out;
    }
  }

  end(): string {
    const rest = this.#shown && !this.#inHeader ? this.#held : "";
    this.#held = "";
    return rest;
  }

  #readHeader(): { text: string; more: boolean } | undefined {
    const at = this.#held.indexOf(headerEnd);
    if (at === -1) return undefined;
    this.#shown = /<\|channel\|>\s*final/.test(this.#held.slice(0, at));
    this.#held = this.#held.slice(at + headerEnd.length);
    this.#inHeader = false;
    return { text: "", more: true };
  }

  #readBody(): { text: string; more: boolean } {
    const ends = messageEnds.map((mark) => this.#held.indexOf(mark)).filter((at) => at !== -1);
    const at = ends.length > 0 ? Math.min(...ends) : this.#held.length - longestHeld(this.#held, messageEnds);
    const text = this.#shown ? this.#held.slice(0, at) : "";
    this.#held = this.#held.slice(at);
    if (ends.length > 0) this.#inHeader = true;
    return { text, more: ends.length > 0 };
  }
}
