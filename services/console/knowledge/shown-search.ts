import type { KnowledgeSearchView } from "../../../shared/protocol/knowledge.ts";
import { ServiceProblem } from "../client/service-problem.ts";
import type { SourceApi } from "./source-api.ts";

/** A question that an operator tries, with what it finds. */
export class ShownSearch {
  readonly question: string;
  found: KnowledgeSearchView | undefined;
  problem: ServiceProblem | undefined;

  constructor(question: string, api: SourceApi, changed: () => void) {
    this.question = question;
    void this.#ask(api).finally(changed);
  }

  async #ask(api: SourceApi): Promise<void> {
    try {
      this.found = await api.search(this.question);
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      this.problem = error;
    }
  }
}
