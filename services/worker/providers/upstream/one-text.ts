import { ProviderError } from "../provider.ts";

/** Letters repeated once more may be the model's own; of this many, with nothing behind them, they are not. */
const provenChars = 3;
/** The same for digits and marks. */
const provenOthers = 20;
/** Deltas held back in doubt: a model that says the same for ever is passed on. */
const maxHeld = 8;
/** What a server makes of bytes whose character is not whole yet; the next delta mends it. */
const halfCharacter = /\uFFFD+$/;

/**
 * Puts a text together from what servers send: increments, all the text so far with each delta (the non-incremental mode of
 * Alibaba's API), or the whole message once more at the end. Each part is passed on once.
 *
 * Increments can look like repetitions: "ha", "ha", or "1", "10". A delta that repeats all of the text is held back until
 * it is proven what it is, by what follows or by the end. Only the first deltas can be in doubt: one that repeats nothing
 * proves increments for good.
 */
export class OneText {
  /** Passed on so far. */
  #text = "";
  /** Held back; each begins with all of the one before it, and the first one with the text. */
  #held: string[] = [];
  #mode: "unknown" | "increments" | "cumulative" = "unknown";

  get isEmpty(): boolean {
    return this.#text === "" && this.#held.length === 0;
  }

  /**
   * @returns what can go on now
   * @throws {ProviderError} `malformed` for cumulative text that changes its mind
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

  /** Whether the last delta of a text is all of it once more: a model does not say that much again in one piece. */
  isRepeatedBy(delta: string): boolean {
    return delta.length >= provenOthers && this.#mode === "increments" && delta === this.#text;
  }

  /** Takes the whole message, where deltas came before it. @returns what is not yet known of it */
  complete(whole: string): string {
    const newest = this.#held.at(-1);
    const isCumulative = newest !== undefined && whole.startsWith(newest);
    const asIncrements = this.#text + this.#held.join("");
    const held = isCumulative && !whole.startsWith(asIncrements) ? this.#beCumulative() : this.end();
    return whole.startsWith(this.#text) ? held + this.#pass(whole.slice(this.#text.length)) : held;
  }

  /** Ends the text. @returns what was still held back */
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

  /** The repetitions that are longer than what they repeat: a delta that equals the text proves nothing. */
  #growths(): number {
    return new Set([this.#text, ...this.#held]).size - 1;
  }

  /** What was repeated last. */
  get #repeated(): string {
    const newest = this.#held.at(-1);
    return [this.#text, ...this.#held].findLast((each) => each !== newest) ?? "";
  }

  /** "1", "10", "100" may be 110100, and laughter goes on for long. */
  #growthsNeeded(): number {
    if (isPeriodic(this.#held.at(-1) ?? "")) return Infinity;
    return hasLetters(this.#repeated) ? 2 : 4;
  }

  /** One growth, and no more is to come: a word of some length, or one that ends where it grew, is not written twice. */
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

/** One unit of a few characters, over and over, whatever the white space between: "haha", "ha ha", "----". */
function isPeriodic(text: string): boolean {
  return /^(.{1,4}?)\1+$/su.test(text.replaceAll(/\s/g, ""));
}
