import { ProviderError } from "../provider.ts";

/** Repeated letters that prove a repetition when nothing follows them. Fewer may be the model's own. */
const provenChars = 3;
/** Repeated digits and marks that prove a repetition. */
const provenOthers = 20;
/** Maximum deltas held back in doubt: a model that repeats itself forever is passed on. */
const maxHeld = 8;
/** Replacement for the bytes of an incomplete character; the next delta contains the whole character. */
const halfCharacter = /\uFFFD+$/;

/**
 * Assembles a text from the deltas of servers. A server sends increments, or the whole text so far with each delta (the
 * non-incremental mode of Alibaba's API), or the whole message again at the end. Each part is passed on once.
 *
 * Increments can look like repetitions: "ha", "ha", or "1", "10". A delta that repeats the whole text is held back
 * until later text or the end proves which it is. Only the first deltas can be in doubt: a delta that repeats nothing
 * proves increments for good.
 */
export class OneText {
  /** Text passed on so far. */
  #text = "";
  /** Deltas held back. Each one begins with the whole delta before it, and the first one begins with the text. */
  #held: string[] = [];
  #mode: "unknown" | "increments" | "cumulative" = "unknown";

  get isEmpty(): boolean {
    return this.#text === "" && this.#held.length === 0;
  }

  /**
   * @returns the text that can be passed on now
   * @throws {ProviderError} `malformed` for cumulative text that changes an earlier part
   */
  push(delta: string): string {
    if (delta === "") return "";
    if (this.#mode === "cumulative") return this.#grow(delta);
    if (this.#mode === "increments" || this.#text === "") return this.#pass(delta);
    const repeats = delta.startsWith(this.#held.at(-1)?.replace(halfCharacter, "") ?? this.#text);
    if (!repeats || this.#held.length === maxHeld) {
      this.#mode = "increments";
      return this.#release() + this.#pass(delta);
    }
    this.#held.push(delta);
    return this.#growths() >= this.#growthsNeeded() ? this.#beCumulative() : "";
  }

  /** True if a delta repeats the whole text: a model does not repeat that much in one piece. */
  isRepeatedBy(delta: string): boolean {
    return delta.length >= provenOthers && this.#mode === "increments" && delta === this.#text;
  }

  /** Takes the whole message after its deltas. @returns the part that is new */
  complete(whole: string): string {
    const newest = this.#held.at(-1);
    const isCumulative = newest !== undefined && whole.startsWith(newest);
    const asIncrements = this.#text + this.#held.join("");
    const held = isCumulative && !whole.startsWith(asIncrements) ? this.#beCumulative() : this.end();
    return whole.startsWith(this.#text) ? held + this.#pass(whole.slice(this.#text.length)) : held;
  }

  /** Ends the text. @returns the text still held back */
  end(): string {
    if (this.#held.length === 0) return "";
    return this.#isProvenAtEnd() ? this.#beCumulative() : this.#release();
  }

  #pass(text: string): string {
    this.#text += text;
    return text;
  }

  #release(): string {
    const held = this.#held.join("");
    this.#held = [];
    return this.#pass(held);
  }

  #beCumulative(): string {
    this.#mode = "cumulative";
    const newest = this.#held.at(-1) ?? "";
    this.#held = [];
    return this.#grow(newest);
  }

  #grow(whole: string): string {
    const steady = whole.replace(halfCharacter, "");
    if (this.#text.startsWith(steady)) return "";
    if (!steady.startsWith(this.#text)) {
      throw new ProviderError("malformed", "a delta does not repeat the text so far, as those before it did");
    }
    return this.#pass(steady.slice(this.#text.length));
  }

  /** Counts the repetitions that are longer than the text they repeat: a delta equal to the text proves nothing. */
  #growths(): number {
    return new Set([this.#text, ...this.#held]).size - 1;
  }

  /** Text that was repeated last. */
  get #repeated(): string {
    const newest = this.#held.at(-1);
    return [this.#text, ...this.#held].findLast((each) => each !== newest) ?? "";
  }

  /** Growths that prove cumulative text: "1", "10", "100" may be 110100, and laughter can be long. */
  #growthsNeeded(): number {
    if (isPeriodic(this.#held.at(-1) ?? "")) return Infinity;
    return hasLetters(this.#repeated) ? 2 : 4;
  }

  /** Judges a single growth at the end: a word of some length, or one that ends where it grew, is not written twice. */
  #isProvenAtEnd(): boolean {
    const newest = this.#held.at(-1) ?? "";
    const repeated = this.#repeated;
    if (this.#growths() === 0 || isPeriodic(newest)) return false;
    if (!hasLetters(repeated)) return repeated.length >= provenOthers;
    return repeated.length >= provenChars || /^[\s\p{P}]/u.test(newest.slice(repeated.length));
  }
}

function hasLetters(text: string): boolean {
  return /\p{L}/u.test(text);
}

/** True for one unit of a few characters repeated, ignoring white space between: "haha", "ha ha", "----". */
function isPeriodic(text: string): boolean {
  return /^(.{1,4}?)\1+$/su.test(text.replaceAll(/\s/g, ""));
}
