import { opensInPrompt } from "./thought-forms.ts";

/** Habits of a server in every reply of a model, as learnt from its replies. */
export interface Habits {
  /**
   * State of the opening tag of thoughts. Where it is missing, or assumed to be, text is held back until the closing
   * tag.
   */
  opening: "unknown" | "sent" | "assumed missing" | "missing";
  /** True if replies have sources, so that numbers in brackets are marks of them. */
  cites: boolean;
}

/** Maximum number of models whose habits are kept; assistants name few models. */
const maxModels = 100;

/** Habits of one server, by model, for the life of the process. */
export class ServerHabits {
  readonly #models = new Map<string, Habits>();
  readonly #namesTell: boolean;

  /**
   * @param namesTell true if a model's name shows that its template opens the thoughts, as with servers that run models
   * themselves
   */
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
