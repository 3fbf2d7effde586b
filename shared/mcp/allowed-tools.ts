import type { Pool } from "pg";
import type { Assistants } from "../assistants/assistants.ts";
import { repeat } from "../async/repeat.ts";
import { type AllowedTool, readAllowedTools } from "../db/mcp/tools.ts";
import type { Logger } from "../logger.ts";
import type { Lifecycle } from "../process/lifecycle.ts";
import { defaultSite } from "../sites/default-site.ts";
import { declaredServers, withMcpTools } from "./offered-tools.ts";

/** Time until a decision of an operator holds in every process. */
const readEveryMs = 2000;

interface Parts {
  pool: Pool;
  log: Pick<Logger, "debug">;
  /** Ends the reading. */
  lifecycle: Pick<Lifecycle, "onClose">;
}

/**
 * Assistants with the tools of their MCP servers that operators have allowed, as a process knows them: read every two seconds, so
 * that no reply waits for it, and not at all while no assistant names a server. A call looks at the server's own list as well.
 */
export class AllowedTools {
  /** Assistants as they are declared now. */
  readonly #file: { readonly assistants: Assistants };
  readonly #parts: Parts;
  #tools: readonly AllowedTool[] = [];
  #merged: { from: Assistants; tools: readonly AllowedTool[]; assistants: Assistants } | undefined;

  private constructor(file: { readonly assistants: Assistants }, parts: Parts) {
    this.#file = file;
    this.#parts = parts;
  }

  static async open(file: { readonly assistants: Assistants }, parts: Parts): Promise<AllowedTools> {
    const opened = new AllowedTools(file, parts);
    await opened.refresh();
    parts.lifecycle.onClose(
      "allowed tools",
      repeat(readEveryMs, () => opened.refresh()),
    );
    return opened;
  }

  get assistants(): Assistants {
    const from = this.#file.assistants;
    const tools = this.#tools;
    // One value for as long as nothing changes: compiled schemas are known by their objects.
    if (this.#merged?.from !== from || this.#merged.tools !== tools)
      this.#merged = { from, tools, assistants: withMcpTools(from, tools) };
    return this.#merged.assistants;
  }

  /** Reads what is allowed now. Without PostgreSQL, what is known stays. */
  async refresh(): Promise<void> {
    const { pool, log } = this.#parts;
    const servers = [...declaredServers(this.#file.assistants).keys()];
    if (servers.length === 0) return;
    try {
      const tools = await readAllowedTools(pool, defaultSite, servers);
      if (fingerprint(tools) !== fingerprint(this.#tools)) this.#tools = tools;
    } catch (error) {
      log.debug({ err: error }, "could not read which tools are allowed");
    }
  }
}

function fingerprint(tools: readonly AllowedTool[]): string {
  return tools.map(({ server, name, hash }) => `${server} ${name} ${hash}`).join("\n");
}
