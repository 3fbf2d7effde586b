import type { Assistants } from "../../../shared/assistants/assistants.ts";
import {
  type McpServerDeclaration,
  type McpToolDeclaration,
  offeredName,
  serverKey,
} from "../../../shared/assistants/tools/mcp-declaration.ts";
import type { McpServerRow, McpToolRow } from "../../../shared/db/mcp/tools.ts";
import { toSiteTool } from "../../../shared/mcp/offered-tools.ts";
import { toOfferedSchema } from "../../../shared/mcp/tool-schema.ts";
import type { ServerTool, ToolServers } from "../../../shared/protocol/people/tool-servers.ts";

/** A tool as one assistant names it. */
interface Naming {
  assistant: string;
  server: McpServerDeclaration;
  declared: McpToolDeclaration;
}

/** Describes the MCP servers that assistants name, with all their tools: what is declared, listed, and decided. */
export function describeServers(
  assistants: Assistants,
  { servers, tools }: { servers: readonly McpServerRow[]; tools: readonly McpToolRow[] },
): ToolServers {
  const namings = namingsIn(assistants);
  const keys = new Set(namings.map(({ server }) => serverKey(server)));
  return {
    servers: [...keys].flatMap((key) => {
      const here = namings.filter(({ server }) => serverKey(server) === key);
      const row = servers.find((each) => each.key === key);
      const [first] = here;
      if (!first) return [];
      return {
        key,
        url: first.server.url,
        assistants: [...new Set(here.map(({ assistant }) => assistant))],
        ...(row?.listedAt && { listedAt: row.listedAt.toISOString() }),
        ...(row && row.fault !== null && { problem: row.fault }),
        leftOut: row?.leftOut ?? 0,
        tools: toolsOf(
          here,
          tools.filter(({ server }) => server === key),
        ),
      };
    }),
  };
}

/** All tools that assistants name, each with its assistant. */
export function namingsIn(assistants: Assistants): Naming[] {
  return [...assistants].flatMap(([assistant, { mcp = [] }]) =>
    mcp.flatMap((server) => server.tools.map((declared) => ({ assistant, server, declared }))),
  );
}

/** Declared ones first, as the configuration has them. */
function toolsOf(namings: readonly Naming[], rows: readonly McpToolRow[]): ServerTool[] {
  const names = new Set([...namings.map(({ declared }) => declared.name), ...rows.map(({ name }) => name)]);
  return [...names].map((name) => {
    const here = namings.filter(({ declared }) => declared.name === name);
    const row = rows.find((each) => each.name === name);
    if (row) return describeTool(row, here);
    return { name, state: "missing", description: "", schema: "", unseen: [], uses: here.map((each) => useOf(each)) };
  });
}

/** Describes a tool that a server lists, or has listed. */
export function describeTool(row: McpToolRow, namings: readonly Naming[]): ServerTool {
  const { id, name, description, schema, hash, fault, decidedAt, operator } = row;
  const was = differenceOf(row);
  return {
    id,
    name,
    state: stateOf(row, namings.length > 0),
    description,
    schema,
    hash,
    ...(fault !== null && { problem: fault }),
    unseen: fault === null ? toOfferedSchema(JSON.parse(schema) as Record<string, unknown>).unseen : [],
    ...(was && { was }),
    ...(decidedAt && { decided: { at: decidedAt.toISOString(), ...(operator !== null && { operator }) } }),
    uses: namings.map((naming) => useOf(naming, row)),
  };
}

function stateOf(row: McpToolRow, isDeclared: boolean): ServerTool["state"] {
  const { fault, goneAt, allowed, allowedHash, hash, decidedAt } = row;
  if (goneAt !== null) return "gone";
  if (fault !== null) return "unusable";
  if (allowedHash !== null && allowedHash !== hash) return "changed";
  if (!isDeclared) return "undeclared";
  if (allowed) return "allowed";
  return decidedAt === null ? "new" : "off";
}

function differenceOf(row: McpToolRow): ServerTool["was"] {
  const { allowedHash, hash, description, schema, allowedDescription, allowedSchema } = row;
  if (allowedHash === null || allowedHash === hash) return undefined;
  return {
    ...(allowedDescription !== null && allowedDescription !== description && { description: allowedDescription }),
    ...(allowedSchema !== null && allowedSchema !== schema && { schema: allowedSchema }),
  };
}

function useOf({ assistant, server, declared }: Naming, row?: McpToolRow): ServerTool["uses"][number] {
  const { effect, confirm = effect === "change" ? "visitor" : "never" } = declared;
  const made = row && row.fault === null ? toSiteTool(server, declared, row) : undefined;
  return {
    assistant,
    as: offeredName(declared),
    effect,
    confirm,
    ...(typeof made === "string" && { problem: made }),
  };
}
