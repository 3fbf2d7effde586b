import type { Colleague } from "../../../shared/protocol/operator.ts";
import type { AssistantState, AssistantStates } from "../../../shared/protocol/people/assistants.ts";
import { asProblem } from "../account/fields.ts";
import type { ServiceProblem } from "../client/service-problem.ts";
import { askService, erase, jsonBody, read } from "../client/service-request.ts";

/** Parts of the page, each with its own problem. */
export type SettingsPart = "page" | "assistants";

/** Settings of the whole site. */
export class SettingsModel {
  me: Colleague | undefined;
  assistants: readonly AssistantState[] = [];
  busy: SettingsPart | undefined;
  readonly problems = new Map<SettingsPart, ServiceProblem>();
  readonly #changed: () => void;

  /** @param changed called after each change of what is shown */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get isAdmin(): boolean {
    return this.me?.role === "admin";
  }

  async begin(): Promise<void> {
    await this.#try("page", async () => {
      this.me = await read<Colleague>("me");
      await this.#readAssistants();
    });
  }

  setPaused(type: string, paused: boolean): Promise<void> {
    const path = `assistants/${encodeURIComponent(type)}/pause`;
    return this.#try("assistants", async () => {
      await (paused ? askService(path, { method: "PUT", ...jsonBody({}) }) : erase(path));
      await this.#readAssistants();
    });
  }

  async #readAssistants(): Promise<void> {
    this.assistants = (await read<AssistantStates>("assistants")).assistants;
  }

  async #try(part: SettingsPart, work: () => Promise<void>): Promise<void> {
    this.busy = part;
    this.problems.delete(part);
    this.#changed();
    try {
      await work();
    } catch (error) {
      this.problems.set(part, asProblem(error));
    }
    this.busy = undefined;
    this.#changed();
  }
}
