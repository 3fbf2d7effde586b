import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** A server as the configuration names it. */
export interface DeclaredServer {
  key: string;
  url: string;
}

/** Time until a list is read again: after it was read, and after it could not be. */
const againAfter = { listed: "interval '5 min'", failed: "interval '30 s'" };
/** Time for which a look keeps others away. */
const lookFor = "interval '60 s'";

export const claimMcpLookStatement: Statement<Columns<"mcp_servers", "key" | "look">> = {
  name: "claim-mcp-look",
  // A server that is named for the first time gets its row here, and is due at once.
  text: `
    with declared as (select key, url from json_to_recordset($2::json) as declared(key text, url text)),
    added as (
      insert into mcp_servers (site_id, key, url, due_at, look) select $1, key, url, now() + ${lookFor}, 1 from declared
      on conflict do nothing returning key, look
    ), due as materialized (
      select key from mcp_servers
      where site_id = $1 and key in (select key from declared) and due_at <= now()
      for no key update skip locked
    ), claimed as (
      update mcp_servers set due_at = now() + ${lookFor}, look = look + 1
      from due where mcp_servers.site_id = $1 and mcp_servers.key = due.key
      returning mcp_servers.key, look
    )
    select key, look from added union all select key, look from claimed`,
};

/** Takes the servers whose lists are to be read now. Another worker takes none of them for a minute. */
export function claimLooks(
  pool: Pool,
  siteId: string,
  declared: readonly DeclaredServer[],
): Promise<Columns<"mcp_servers", "key" | "look">[]> {
  return query(pool, claimMcpLookStatement, [siteId, JSON.stringify(declared)]);
}

/** A tool of a list, judged. */
interface StoredTool extends Columns<"mcp_tools", "id" | "name" | "description" | "schema" | "hash" | "fault"> {}

interface StoredList {
  key: string;
  look: number;
  tools: readonly StoredTool[];
  leftOut: number;
}

export const storeMcpListStatement: Statement<Columns<"mcp_tools", "name">> = {
  name: "store-mcp-list",
  text: `
    with server as materialized (
      update mcp_servers set listed_at = now(), due_at = now() + ${againAfter.listed}, fault = null, left_out = $4
      where site_id = $1 and key = $2 and look = $3 returning site_id, key
    ), listed as materialized (
      select one.* from json_to_recordset($5::json) as one(id uuid, name text, description text, schema text, hash text, fault text)
    ), before as materialized (
      select mcp_tools.name, mcp_tools.hash, allowed from mcp_tools join server on server = server.key and mcp_tools.site_id = server.site_id
    ), stored as (
      insert into mcp_tools as tool (id, site_id, server, name, description, schema, hash, fault)
      select listed.id, site_id, key, name, description, schema, hash, fault from listed cross join server
      on conflict (site_id, server, name) do update
      set description = excluded.description, schema = excluded.schema, hash = excluded.hash, fault = excluded.fault, gone_at = null,
          allowed = tool.allowed and tool.hash = excluded.hash,
          decided_at = case when tool.allowed and tool.hash <> excluded.hash then now() else tool.decided_at end,
          decided_by = case when tool.allowed and tool.hash <> excluded.hash then null else tool.decided_by end
      where (tool.hash, tool.fault, tool.gone_at) is distinct from (excluded.hash, excluded.fault, null::timestamptz)
    ), gone as (
      update mcp_tools set gone_at = now()
      from server where mcp_tools.site_id = server.site_id and server = server.key and gone_at is null
        and name not in (select name from listed)
    )
    select listed.name from listed join before on before.name = listed.name and allowed and before.hash <> listed.hash`,
};

/**
 * Stores the list of a look. Tools that are not as they were allowed are off from now on.
 * @returns the names of those
 */
export async function storeList(
  pool: Pool,
  siteId: string,
  { key, look, tools, leftOut }: StoredList,
): Promise<string[]> {
  const rows = await query(pool, storeMcpListStatement, [siteId, key, look, leftOut, JSON.stringify(tools)]);
  return rows.map(({ name }) => name);
}

export const failMcpLookStatement: Statement = {
  name: "fail-mcp-look",
  text: `
    update mcp_servers set fault = $4, due_at = now() + ${againAfter.failed} where site_id = $1 and key = $2 and look = $3`,
};

/** Records why a look brought no list. What was listed before stays. */
export async function failListing(
  pool: Pool,
  siteId: string,
  { key, look, fault }: { key: string; look: number; fault: string },
): Promise<void> {
  await query(pool, failMcpLookStatement, [siteId, key, look, fault]);
}

export const refreshMcpServerStatement: Statement<Columns<"mcp_servers", "key">> = {
  name: "refresh-mcp-server",
  text: `
    update mcp_servers set due_at = case when due_at > now() + ${lookFor} then now() else due_at end
    where site_id = $1 and key = $2 returning key`,
};

/**
 * Has the list of a server read again within seconds, unless that is about to happen.
 * @returns false: there is no such server
 */
export async function refreshServer(pool: Pool, siteId: string, key: string): Promise<boolean> {
  return (await query(pool, refreshMcpServerStatement, [siteId, key])).length > 0;
}
