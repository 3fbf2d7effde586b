import type { Colleague } from "../../../shared/protocol/operator.ts";
import type { AssistantState, AssistantStates } from "../../../shared/protocol/people/assistants.ts";
import type { HoursText, SiteHours } from "../../../shared/protocol/people/hours.ts";
import type { ToolServers } from "../../../shared/protocol/people/tool-servers.ts";
import { asProblem } from "../account/fields.ts";
import type { ServiceProblem } from "../client/service-problem.ts";
import { askService, change, erase, jsonBody, read } from "../client/service-request.ts";

/** Parts of the page, each with its own problem. */
export type SettingsPart = "page" | "assistants" | "hours" | "tools";

/** Settings of the whole site. */
export class SettingsModel {
  me: Colleague | undefined;
  assistants: readonly AssistantState[] = [];
  hours: SiteHours | undefined;
  servers: ToolServers["servers"] = [];
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
      [this.hours] = await Promise.all([read<SiteHours>("hours"), this.#readAssistants(), this.#readTools()]);
    });
  }

  saveHours(hours: HoursText): Promise<void> {
    return this.#try("hours", async () => {
      this.hours = await askService("hours", { method: "PUT", ...jsonBody(hours) });
    });
  }

  /** Goes back to the hours of the file. */
  dropHours(): Promise<void> {
    return this.#try("hours", async () => {
      this.hours = await askService("hours", { method: "DELETE", ...jsonBody({}) });
    });
  }

  setPaused(type: string, paused: boolean): Promise<void> {
    const path = `assistants/${encodeURIComponent(type)}/pause`;
    return this.#try("assistants", async () => {
      await (paused ? askService(path, { method: "PUT", ...jsonBody({}) }) : erase(path));
      await this.#readAssistants();
    });
  }

  /** Allows a tool as it is shown, or turns it off. What is shown may be old: it is read anew either way. */
  decideTool({ id, hash }: { id: string; hash: string }, allowed: boolean): Promise<void> {
    return this.#try("tools", async () => {
      try {
        await change(`tools/${id}/${allowed ? "allow" : "disallow"}`, { body: allowed ? { hash } : {} });
      } finally {
        await this.#readTools();
      }
    });
  }

  refreshTools(key: string): Promise<void> {
    return this.#try("tools", async () => {
      await change(`tool-servers/${encodeURIComponent(key)}/refresh`, {});
      await this.#readTools();
    });
  }

  async #readTools(): Promise<void> {
    this.servers = (await read<ToolServers>("tool-servers")).servers;
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
