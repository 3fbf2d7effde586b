import type { AssistantState } from "../../../shared/protocol/people/assistants.ts";
import type { OperatorApi } from "../client/operator-api.ts";
import { ServiceProblem } from "../client/service-problem.ts";

const readEveryMs = 15_000;

/** Assistants whose AI is paused, so that everybody at the desk knows why visitors come to them. */
export class Paused {
  list: readonly AssistantState[] = [];
  readonly #api: OperatorApi;
  readonly #changed: () => void;
  #begun = false;

  constructor(api: OperatorApi, changed: () => void) {
    this.#api = api;
    this.#changed = changed;
  }

  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    void this.read();
    setInterval(() => {
      if (!document.hidden) void this.read();
    }, readEveryMs);
  }

  /** Reads it again. What was read before stays while the service cannot be reached. */
  async read(): Promise<void> {
    try {
      this.list = (await this.#api.assistants()).filter(({ paused }) => paused !== undefined);
      this.#changed();
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
    }
  }
}
