import { ProviderError, type ProviderEvent } from "../../provider.ts";
import { CodeTracker } from "./code-tracker.ts";
import { HarmonyFilter } from "./harmony-filter.ts";
import { longestHeld } from "./held-back.ts";
import type { Habits } from "./server-habits.ts";
import {
  answerPairs,
  anyOpen,
  harmonyStart,
  indexOfMark,
  maxCloseChars,
  mayStartHarmony,
  orphanClose,
  type Pair,
  thoughtPairs,
} from "./thought-forms.ts";

type FinishReason = Extract<ProviderEvent, { type: "finish" }>["finishReason"];

/**
 * `start`: thoughts may begin. `thoughts`: dropped up to their closing mark. `unsure`: the server leaves out opening
 * tags, so all text is held back up to a closing tag. `text`: passed on. `answer`: passed on, up to the mark that
 * closes it.
 */
type State = "start" | "thoughts" | "unsure" | "text" | "answer" | "harmony";

/**
 * Drops a model's thoughts from its streamed text. It drops thoughts at the beginning between marks of a known form,
 * closed or not, and thoughts that have only a closing mark. Marks in code, and in the middle of a text, are text.
 *
 * Thoughts without an opening mark look like a reply until they end. If none of their text was passed on by then, it is
 * dropped. Otherwise the call must fail: its next try knows the server's habit, and holds the text back.
 */
export class ThoughtFilter {
  readonly #habits: Habits;
  #state: State = "start";
  #held = "";
  /** Mark that closes the thoughts, or the answer. */
  #close = "";
  /**
   * Whole text of a message, kept while an orphan (a closing mark without an opening one) may follow. The text before
   * an orphan decides whether it is in code.
   */
  #text = "";
  #answerBegun = false;
  /** End of the text searched for an orphan, and the length of the held text that was searched. */
  #recent = "";
  #scanned = 0;
  #hadThoughts = false;
  #passedOn = false;
  /** Set once text already passed on turns out to be thoughts; nothing more is passed on then. */
  fault: ProviderError | undefined;
  readonly #harmony = new HarmonyFilter();

  constructor(habits: Habits) {
    this.#habits = habits;
  }

  /** Records that the server sends thoughts in a field of their own. Thoughts in its text then have both marks. */
  thoughtsAreApart(): void {
    this.#habits.opening = "sent";
    if (this.#state === "unsure") this.#state = "text";
  }

  /** @returns the text that can be passed on now */
  push(text: string): string {
    if (text === "" || this.fault) return "";
    this.#held += text;
    let out = "";
    for (let more = true; more;) {
      const before = this.#state;
      out = this.#step(out);
      more = this.#held !== "" && this.#state !== before;
    }
    this.#passedOn ||= out !== "";
    return out;
  }

  /** Ends a message; another may follow. @returns the text still held back */
  end(finishReason: FinishReason): string {
    let out = "";
    if (this.#state === "harmony") out = this.#harmony.end();
    else if (this.#state === "unsure") out = this.#endUnsure(finishReason);
    else if (this.#state !== "thoughts" && !(this.#state === "start" && this.#hadThoughts)) out = this.#held;
    this.#state = "start";
    this.#held = "";
    this.#text = "";
    this.#recent = "";
    this.#scanned = 0;
    this.#hadThoughts = false;
    this.#passedOn = false;
    return out;
  }

  #step(out: string): string {
    switch (this.#state) {
      case "start":
        this.#begin();
        return out;
      case "thoughts":
        this.#skip();
        return out;
      case "harmony":
        return out + this.#harmony.push(this.#takeHeld());
      case "answer":
        return out + this.#passAnswer();
      case "unsure":
      case "text":
        return this.#passText(out);
    }
  }

  #begin(): void {
    const text = this.#held.trimStart();
    if (text === "") return;
    if (harmonyStart.test(text)) return this.#enter("harmony", text);
    const thoughts = findOpening(text, thoughtPairs);
    if (thoughts) {
      this.#hadThoughts = true;
      this.#close = thoughts.close;
      return this.#enter("thoughts", text.slice(thoughts.length));
    }
    const answer = this.#hadThoughts ? findOpening(text, answerPairs) : undefined;
    if (answer) {
      this.#close = answer.close;
      this.#answerBegun = false;
      return this.#enter("answer", text.slice(answer.length));
    }
    const pairs = this.#hadThoughts ? [...thoughtPairs, ...answerPairs] : thoughtPairs;
    if (mayStartHarmony.test(text) || pairs.some(({ mayOpen }) => mayOpen.test(text))) return;
    // White space after thoughts is dropped with them.
    if (this.#hadThoughts) return this.#enter("text", text);
    const { opening } = this.#habits;
    this.#enter(opening === "assumed missing" || opening === "missing" ? "unsure" : "text", this.#held);
  }

  #enter(state: State, held: string): void {
    this.#state = state;
    this.#held = held;
  }

  #skip(): void {
    const at = indexOfMark(this.#held, this.#close);
    if (at === -1) this.#held = this.#held.slice(-this.#close.length);
    else this.#enter("start", this.#held.slice(at + this.#close.length));
  }

  /** Passes the answer on. The mark that closes it is dropped, with the white space before it. */
  #passAnswer(): string {
    if (!this.#answerBegun) this.#held = this.#held.trimStart();
    if (this.#held === "") return "";
    this.#answerBegun = true;
    const at = indexOfMark(this.#held, this.#close);
    if (at !== -1) {
      const text = this.#held.slice(0, at).trimEnd();
      this.#enter("start", this.#held.slice(at + this.#close.length));
      return text;
    }
    const sure = this.#held.length - longestHeld(this.#held, [this.#close]);
    const text = this.#held.slice(0, sure).trimEnd();
    this.#held = this.#held.slice(text.length);
    return text;
  }

  #passText(out: string): string {
    const rest = this.#hadThoughts ? undefined : this.#behindOrphan();
    if (rest !== undefined) return this.#dropAll(rest);
    return this.#state === "unsure" ? out : out + this.#takeHeld();
  }

  /** @returns the text after a closing mark without an opening one, if there is one */
  #behindOrphan(): string | undefined {
    const unsure = this.#state === "unsure";
    const fresh = unsure ? this.#held.slice(this.#scanned) : this.#held;
    const recent = this.#recent + fresh;
    this.#recent = recent.slice(-maxCloseChars);
    this.#scanned = this.#held.length;
    if (!unsure) this.#text += fresh;
    // Fast path: almost always taken, and cheap however long the text is.
    if (recent.search(orphanClose) === -1) return undefined;
    const all = unsure ? this.#held : this.#text;
    for (const found of all.matchAll(orphanClose)) {
      const precedes = all.slice(0, found.index);
      if (!anyOpen.test(precedes) && !isInCode(precedes)) return all.slice(found.index + found[0].length);
    }
    return undefined;
  }

  #dropAll(rest: string): string {
    this.#habits.opening = "missing";
    if (this.#passedOn) {
      this.fault = new ProviderError(
        "malformed",
        "thoughts without an opening tag: the server needs a reasoning parser",
      );
    }
    this.#hadThoughts = true;
    this.#text = "";
    this.#enter("start", this.fault ? "" : rest);
    return "";
  }

  #takeHeld(): string {
    const text = this.#held;
    this.#held = "";
    return text;
  }

  /**
   * Ends text held back in state `unsure`. Either the reply was cut in its thoughts, or it had none, as with some
   * models on easy questions.
   */
  #endUnsure(finishReason: FinishReason): string {
    if (finishReason === "length" || finishReason === "content_filter") return "";
    if (this.#habits.opening === "assumed missing") this.#habits.opening = "sent";
    return this.#held;
  }
}

function findOpening(text: string, pairs: readonly Pair[]): { length: number; close: string } | undefined {
  for (const { open, close } of pairs) {
    const [mark] = open.exec(text) ?? [];
    if (mark !== undefined) return { length: mark.length, close: close(mark) };
  }
  return undefined;
}

function isInCode(text: string): boolean {
  const code = new CodeTracker();
  code.push(text);
  return code.inCode;
}
