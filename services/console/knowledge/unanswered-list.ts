import { ServiceProblem } from "../client/service-problem.ts";
import type { OpenQuestion, SourceApi } from "./source-api.ts";

/** Questions without an answer, the latest first. */
export class UnansweredList {
  /** `undefined` until they are read; they stay so with a service that keeps none yet. */
  questions: readonly OpenQuestion[] | undefined;
  problem: ServiceProblem | undefined;
  /** Question whose answer is being sent, or that is being put aside. */
  busy: string | undefined;
  #nextBefore: string | undefined;
  readonly #api: SourceApi;
  readonly #changed: () => void;

  constructor(api: SourceApi, changed: () => void) {
    this.#api = api;
    this.#changed = changed;
  }

  get hasMore(): boolean {
    return this.#nextBefore !== undefined;
  }

  /** Reads the latest again. Those of later pages stay as they were. */
  refresh(): Promise<void> {
    return this.#try(async () => {
      const { questions, nextBefore } = await this.#api.unanswered();
      const known = new Set(questions.map(({ id }) => id));
      const oldest = nextBefore === undefined ? undefined : questions.at(-1);
      const later = (this.questions ?? []).filter(
        ({ id, lastAt }) => oldest !== undefined && lastAt <= oldest.lastAt && !known.has(id),
      );
      this.questions = [...questions, ...later];
      if (later.length === 0) this.#nextBefore = nextBefore;
    });
  }

  readMore(): Promise<void> {
    return this.#try(async () => {
      const { questions, nextBefore } = await this.#api.unanswered(this.#nextBefore);
      this.questions = [...(this.questions ?? []), ...questions];
      this.#nextBefore = nextBefore;
    });
  }

  /**
   * Adds the answer to what the assistant knows.
   * @param key makes a repeated request harmless
   * @returns true if the question is gone from the list
   */
  answer(id: string, fields: { question: string; answer: string }, key: string): Promise<boolean> {
    return this.#settle(id, () => this.#api.add({ kind: "question", fields: { ...fields, unanswered: id } }, key));
  }

  putAside(id: string): Promise<boolean> {
    return this.#settle(id, () => this.#api.putAside(id));
  }

  async #settle(id: string, deed: () => Promise<unknown>): Promise<boolean> {
    if (this.busy !== undefined) return false;
    this.busy = id;
    this.#changed();
    await this.#try(async () => {
      await deed();
      this.questions = this.questions?.filter((question) => question.id !== id);
    });
    this.busy = undefined;
    this.#changed();
    return this.problem === undefined;
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.problem = undefined;
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      if (this.questions !== undefined || error.status !== 404) this.problem = error;
    }
    this.#changed();
  }
}
