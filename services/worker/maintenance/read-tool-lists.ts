import { v7 } from "uuid";
import { repeat } from "../../../shared/async/repeat.ts";
import { claimLooks, failListing, storeList } from "../../../shared/db/mcp/looks.ts";
import type { McpServerDeclaration } from "../../../shared/assistants/tools/mcp-declaration.ts";
import { declaredServers } from "../../../shared/mcp/offered-tools.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import type { WorkerContext } from "../worker-context.ts";

/** Looks for due servers: an operator who asks for a new list waits about as long. */
const lookEveryMs = 2000;

type ListContext = Pick<WorkerContext, "assistants" | "db" | "log" | "siteTools">;

/**
 * Keeps the lists of MCP servers: each is read every five minutes by one worker, beside all replies. It takes a server by
 * putting its next look off, so that a worker that dies over one leaves it to another within a minute.
 * @returns a function that stops it; looks under way are given up
 */
export function startToolLists(context: ListContext): () => Promise<void> {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const stop = repeat(lookEveryMs, async () => {
    try {
      for (const { server, ...claim } of await claimServers(context)) {
        const looking = readToolList(context, server, { ...claim, signal: stopping.signal })
          .catch((error: unknown) => context.log.warn({ err: error }, "could not keep the list of an MCP server"))
          .finally(() => running.delete(looking));
        running.add(looking);
      }
    } catch (error) {
      context.log.debug({ err: error }, "could not look for MCP servers");
    }
  });
  return async () => {
    await stop();
    stopping.abort();
    await Promise.all(running);
  };
}

async function claimServers({ assistants, db }: ListContext) {
  const servers = declaredServers(assistants);
  if (servers.size === 0) return [];
  const declared = [...servers].map(([key, { url }]) => ({ key, url }));
  const claimed = await claimLooks(db.pool, defaultSite, declared);
  return claimed.flatMap(({ key, look }) => {
    const server = servers.get(key);
    return server === undefined ? [] : [{ server, key, look }];
  });
}

/** Reads and stores the list of a server that was claimed. */
async function readToolList(
  { db: { pool }, log, siteTools }: Pick<ListContext, "db" | "log" | "siteTools">,
  server: McpServerDeclaration,
  { key, look, signal }: { key: string; look: number; signal: AbortSignal },
): Promise<void> {
  const found = await siteTools.look(server, { signal });
  if (signal.aborted) return;
  const { host } = new URL(server.url);
  if (found.fault !== undefined) {
    log.warn({ server: key, host, reason: found.fault }, "could not read the list of an MCP server");
    return failListing(pool, defaultSite, { key, look, fault: found.fault });
  }
  const tools = found.tools.map((tool) => ({ ...tool, id: v7() }));
  const turnedOff = await storeList(pool, defaultSite, { key, look, tools, leftOut: found.leftOut });
  for (const tool of turnedOff)
    log.warn(
      { audit: "tool-changed", server: key, host, tool },
      "an MCP server has changed a tool: it is off until it is allowed again",
    );
}
