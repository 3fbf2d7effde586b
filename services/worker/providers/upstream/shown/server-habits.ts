import { opensInPrompt } from "./thought-forms.ts";

/** What a server does with every reply of a model, as far as its replies have shown. */
export interface Habits {
  /**
   * Whether thoughts come with their opening tag. Where it is missing, or assumed to be, a text is held back until the
   * closing one.
   */
  opening: "unknown" | "sent" | "assumed missing" | "missing";
  /** Replies come with sources, so numbers in brackets are marks of them. */
  cites: boolean;
}

/** Of so many models the habits are remembered; assistants name few. */
const maxModels = 100;

/** The habits of one server, by model, for the life of the process. */
export class ServerHabits {
  readonly #models = new Map<string, Habits>();
  readonly #namesTell: boolean;

  /** @param namesTell whether a model's name tells that its template opens the thoughts: where servers run their own */
  constructor({ namesTell = false } = {}) {
    this.#namesTell = namesTell;
  }

  of(model: string): Habits {
    const known = this.#models.get(model);
    if (known) return known;
    const habits = newHabits();
    if (this.#namesTell && opensInPrompt.test(model)) habits.opening = "assumed missing";
    if (this.#models.size < maxModels) this.#models.set(model, habits);
    return habits;
  }
}

export function newHabits(): Habits {
  return { opening: "unknown", cites: false };
}
