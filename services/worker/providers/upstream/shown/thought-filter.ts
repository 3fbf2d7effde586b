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
 * `start`: thoughts may begin. `thoughts`: they are dropped up to their closing mark. `unsure`: the server leaves out
 * opening tags, so all is held back up to a closing one. `text`: passed on. `answer`: so is this, up to the mark that
 * closes it.
 */
type State = "start" | "thoughts" | "unsure" | "text" | "answer" | "harmony";

/**
 * Drops a model's thoughts out of its text while it streams: those at its beginning, between marks of a known form, closed
 * or not, and those that only a closing mark ends. Marks in code, and in the middle of a text, are text.
 *
 * Thoughts without an opening mark look like a reply until they end. What was not passed on by then is dropped; if some
 * was, the call must fail: its next try knows the server's habit, and holds the text back.
 */
export class ThoughtFilter {
  readonly #habits: Habits;
  #state: State = "start";
  #held = "";
  /** Closes the thoughts, or the answer. */
  #close = "";
  /** All of a message's text, while an orphan may still follow: whether one is in code depends on what precedes it. */
  #text = "";
  #answerBegun = false;
  /** The end of what was searched for an orphan, and how much of what is held that was. */
  #recent = "";
  #scanned = 0;
  #hadThoughts = false;
  #passedOn = false;
  /** What was passed on turned out to be thoughts: nothing more is. */
  fault: ProviderError | undefined;
  readonly #harmony = new HarmonyFilter();

  constructor(habits: Habits) {
    this.#habits = habits;
  }

  /** The server sends thoughts in a field of their own: those in the text have both marks. */
  thoughtsAreApart(): void {
    this.#habits.opening = "sent";
    if (this.#state === "unsure") this.#state = "text";
  }

  /** @returns what can go on now */
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

  /** Ends a message; another one may follow. @returns what was still held back */
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
    // Behind thoughts, the white space goes with them.
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

  /** The mark that closes an answer is dropped, with the white space before it. */
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

  /** @returns what follows a closing mark without an opening one, if there is one */
  #behindOrphan(): string | undefined {
    const unsure = this.#state === "unsure";
    const fresh = unsure ? this.#held.slice(this.#scanned) : this.#held;
    const recent = this.#recent + fresh;
    this.#recent = recent.slice(-maxCloseChars);
    this.#scanned = this.#held.length;
    if (!unsure) this.#text += fresh;
    // Nearly always so, and cheap, however long the text is.
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

  /** It was cut off in its thoughts; or there were none, as some models do on easy questions. */
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
