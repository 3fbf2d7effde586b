import type { Pool } from "pg";
import type { Assistants } from "../../../shared/assistants/assistants.ts";
import {
  type McpServerDeclaration,
  type McpToolDeclaration,
  offeredName,
  secretsOfServer,
  serverKey,
} from "../../../shared/assistants/tools/mcp-declaration.ts";
import type { SiteTool } from "../../../shared/assistants/tools/site-tool.ts";
import { allowTool, type McpToolRow, readMcpTools } from "../../../shared/db/mcp/tools.ts";
import { toSiteTool } from "../../../shared/mcp/offered-tools.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import type { SiteToolClient } from "../../../shared/site-tools/tool-outcome.ts";

/** A tool of an MCP server that an assistant names. */
export interface NamedServerTool {
  assistant: string;
  server: McpServerDeclaration;
  declared: McpToolDeclaration;
  /** Name by which models call it. */
  name: string;
}

/** All tools of MCP servers that assistants name. */
export function serverToolsOf(assistants: Assistants): NamedServerTool[] {
  return [...assistants].flatMap(([assistant, { mcp = [] }]) =>
    mcp.flatMap((server) =>
      server.tools.map((declared) => ({ assistant, server, declared, name: offeredName(declared) })),
    ),
  );
}

/** Secrets that a tool's server gets. */
export function secretsOfNamed({ server }: NamedServerTool): string[] {
  return secretsOfServer(server);
}

/**
 * Reads a tool from its server, as it is listed now: to try it, nobody must have allowed it.
 * @returns why it cannot be called, in place of it
 */
export async function readServerTool(
  client: Pick<SiteToolClient, "look">,
  { server, declared }: NamedServerTool,
): Promise<SiteTool | string> {
  const look = await client.look(server);
  if (look.fault !== undefined) return look.fault;
  const listed = look.tools.find(({ name }) => name === declared.name);
  if (!listed)
    return `The server does not list "${declared.name}". It lists: ${look.tools.map(({ name }) => name).join(", ")}.`;
  return listed.fault ?? toSiteTool(server, declared, listed);
}

/** Words for the state of a tool, from what workers have read and operators have decided. */
export function stateInWords(row: McpToolRow | undefined): string {
  if (!row) return "not listed yet";
  if (row.goneAt !== null) return "no longer listed";
  if (row.fault !== null) return `cannot be used: ${row.fault}`;
  if (row.allowed) return "allowed";
  return row.allowedHash !== null && row.allowedHash !== row.hash ? "changed, and off" : "off";
}

/** Rows of the tools of servers, by server and name. */
export async function readRows(
  pool: Pool,
  named: readonly NamedServerTool[],
): Promise<(of: NamedServerTool) => McpToolRow | undefined> {
  const keys = [...new Set(named.map(({ server }) => serverKey(server)))];
  const rows = await readMcpTools(pool, defaultSite, keys);
  return ({ server, declared }) => rows.find((row) => row.server === serverKey(server) && row.name === declared.name);
}

/** Shows a tool as it would be allowed, and what was other when it was allowed last. */
export function describeListed({
  description,
  schema,
  hash,
  allowedHash,
  allowedDescription,
  allowedSchema,
}: McpToolRow): string {
  const was = (before: string | null, now: string) =>
    allowedHash === null || before === now ? [] : [`  before: ${before}`];
  return [
    `description: ${description}`,
    ...was(allowedDescription, description),
    `schema: ${schema}`,
    ...was(allowedSchema, schema),
    `pin: ${hash}`,
  ].join("\n");
}

/** Allows a tool as it was shown. @returns false: it has changed meanwhile, or it cannot be used */
export async function allowRow(pool: Pool, { id, hash }: McpToolRow): Promise<boolean> {
  return (await allowTool(pool, { siteId: defaultSite, id, operatorId: null, hash })) !== undefined;
}
