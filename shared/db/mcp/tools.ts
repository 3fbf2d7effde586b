import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** A tool as an operator has allowed it. */
export type AllowedTool = Columns<"mcp_tools", "server" | "name" | "description" | "schema" | "hash">;

export const allowedMcpToolsStatement: Statement<AllowedTool> = {
  name: "allowed-mcp-tools",
  text: `
    select server, name, description, schema, hash from mcp_tools
    where site_id = $1 and server = any($2::text[]) and allowed and fault is null and gone_at is null order by server, name`,
};

/** Reads the tools of servers that models may be offered. */
export function readAllowedTools(pool: Pool, siteId: string, servers: readonly string[]): Promise<AllowedTool[]> {
  return query(pool, allowedMcpToolsStatement, [siteId, servers]);
}

/** A tool of a list with what an operator has decided about it. */
export interface McpToolRow
  extends
    AllowedTool,
    Columns<
      "mcp_tools",
      "id" | "fault" | "allowed" | "allowed_hash" | "allowed_description" | "allowed_schema" | "gone_at" | "decided_at"
    > {
  /** Name of the operator who decided. */
  operator: string | null;
}

const shown = `id, server, name, description, schema, hash, fault, allowed, allowed_hash as "allowedHash",
  allowed_description as "allowedDescription", allowed_schema as "allowedSchema", gone_at as "goneAt", decided_at as "decidedAt",
  (select operators.name from operators where operators.id = decided_by) as operator`;

export const mcpToolsStatement: Statement<McpToolRow> = {
  name: "mcp-tools",
  text: `
    select ${shown} from mcp_tools where site_id = $1 and server = any($2::text[]) order by server, name`,
};

/** Reads all tools that servers list, or have listed. */
export function readMcpTools(pool: Pool, siteId: string, servers: readonly string[]): Promise<McpToolRow[]> {
  return query(pool, mcpToolsStatement, [siteId, servers]);
}

export type McpServerRow = Columns<"mcp_servers", "key" | "listed_at" | "fault" | "left_out">;

export const mcpServersStatement: Statement<McpServerRow> = {
  name: "mcp-servers",
  text: `
    select key, listed_at as "listedAt", fault, left_out as "leftOut" from mcp_servers where site_id = $1 and key = any($2::text[])`,
};

/** Reads what is known of servers. */
export function readMcpServers(pool: Pool, siteId: string, keys: readonly string[]): Promise<McpServerRow[]> {
  return query(pool, mcpServersStatement, [siteId, keys]);
}

/** Decision of an operator about a tool. */
interface Decision {
  siteId: string;
  id: string;
  operatorId: string | null;
}

export const allowMcpToolStatement: Statement<McpToolRow> = {
  name: "allow-mcp-tool",
  text: `
    update mcp_tools
    set allowed = true, allowed_hash = hash, allowed_description = description, allowed_schema = schema, decided_at = now(), decided_by = $3
    where site_id = $1 and id = $2 and hash = $4 and fault is null and gone_at is null
    returning ${shown}`,
};

/**
 * Allows a tool as the operator has seen it.
 * @returns `undefined`: there is none that is so, and nothing was allowed
 */
export async function allowTool(
  pool: Pool,
  { siteId, id, operatorId, hash }: Decision & { hash: string },
): Promise<McpToolRow | undefined> {
  const [row] = await query(pool, allowMcpToolStatement, [siteId, id, operatorId, hash]);
  return row;
}

export const disallowMcpToolStatement: Statement<McpToolRow> = {
  name: "disallow-mcp-tool",
  text: `
    update mcp_tools set allowed = false, decided_at = now(), decided_by = $3 where site_id = $1 and id = $2 returning ${shown}`,
};

/** Turns a tool off. @returns `undefined`: there is none */
export async function disallowTool(pool: Pool, { siteId, id, operatorId }: Decision): Promise<McpToolRow | undefined> {
  const [row] = await query(pool, disallowMcpToolStatement, [siteId, id, operatorId]);
  return row;
}

export const mcpToolByIdStatement: Statement<McpToolRow> = {
  name: "mcp-tool",
  text: `select ${shown} from mcp_tools where site_id = $1 and id = $2`,
};

/** @returns `undefined`: there is none */
export async function readMcpTool(pool: Pool, siteId: string, id: string): Promise<McpToolRow | undefined> {
  const [row] = await query(pool, mcpToolByIdStatement, [siteId, id]);
  return row;
}
