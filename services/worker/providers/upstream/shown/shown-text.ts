import type { ProviderError } from "../../provider.ts";
import { CitationFilter } from "./citation-filter.ts";
import { MarkFilter } from "./mark-filter.ts";
import { type Habits, newHabits } from "./server-habits.ts";
import type { Source } from "./sources.ts";
import { ThoughtFilter } from "./thought-filter.ts";

/**
 * Extracts the visitor's part of a provider's text: without a model's thoughts, and without marks of sources. Marks of
 * passages in the prompt become atoms.
 */
export class ShownText {
  readonly #thoughts: ThoughtFilter;
  readonly #marks: MarkFilter | CitationFilter;

  /**
   * @param habits habits of the server, learnt from earlier replies; absent: none are known, and none are learnt
   * @param passages their count; absent if the prompt has none by design
   */
  constructor(habits: Habits = newHabits(), passages?: number) {
    this.#thoughts = new ThoughtFilter(habits);
    this.#marks = passages === undefined ? new MarkFilter(habits) : new CitationFilter(passages);
  }

  /** Takes the sources known by now. */
  know(sources: readonly Source[]): void {
    if (this.#marks instanceof MarkFilter) this.#marks.know(sources);
  }

  /** Records that the server sends thoughts in a field of their own. */
  thoughtsAreApart(): void {
    this.#thoughts.thoughtsAreApart();
  }

  /** Set once text already passed on turns out to be thoughts; nothing more is passed on then. */
  get fault(): ProviderError | undefined {
    return this.#thoughts.fault;
  }

  /** @returns the text that can be passed on now */
  push(text: string): string {
    return this.#marks.push(this.#thoughts.push(text));
  }

  /** Ends a message; another may follow. @returns the text still held back */
  end(finishReason: Parameters<ThoughtFilter["end"]>[0] = "stop"): string {
    const rest = this.#marks.push(this.#thoughts.end(finishReason)) + this.#marks.end();
    return this.fault ? "" : rest;
  }
}
