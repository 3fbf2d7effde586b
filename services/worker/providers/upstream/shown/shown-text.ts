import type { ProviderError } from "../../provider.ts";
import { MarkFilter } from "./mark-filter.ts";
import { type Habits, newHabits } from "./server-habits.ts";
import type { Source } from "./sources.ts";
import { ThoughtFilter } from "./thought-filter.ts";

/** The part of a provider's text that is for people: without a model's thoughts, and without marks of sources. */
export class ShownText {
  readonly #thoughts: ThoughtFilter;
  readonly #marks: MarkFilter;

  /** @param habits what earlier replies have shown of the server; absent: nothing is known, or learnt */
  constructor(habits: Habits = newHabits()) {
    this.#thoughts = new ThoughtFilter(habits);
    this.#marks = new MarkFilter(habits);
  }

  /** Takes the sources that are known by now. */
  know(sources: readonly Source[]): void {
    this.#marks.know(sources);
  }

  /** Tells that the server sends thoughts in a field of their own. */
  thoughtsAreApart(): void {
    this.#thoughts.thoughtsAreApart();
  }

  /** Set once what went on turns out to be thoughts; nothing more goes on then. */
  get fault(): ProviderError | undefined {
    return this.#thoughts.fault;
  }

  /** @returns what can go on now */
  push(text: string): string {
    return this.#marks.push(this.#thoughts.push(text));
  }

  /** Ends a message; another may follow. @returns what was still held back */
  end(finishReason: Parameters<ThoughtFilter["end"]>[0] = "stop"): string {
    const rest = this.#marks.push(this.#thoughts.end(finishReason)) + this.#marks.end();
    return this.fault ? "" : rest;
  }
}
