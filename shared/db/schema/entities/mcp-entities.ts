import { defineEntity, p } from "@mikro-orm/core";
import { defaultSite } from "../../../sites/default-site.ts";
import { time } from "./entity-columns.ts";

/** An MCP server that an assistant names, and the newest look at its list. */
const McpServer = defineEntity({
  name: "McpServer",
  tableName: "mcp_servers",
  primaryKeys: ["siteId", "key"],
  properties: {
    siteId: p.text().primary().default(defaultSite),
    /** See `serverKey`. */
    key: p.text().primary(),
    /** As the configuration has it: with the names of secrets, and without their values. */
    url: p.text(),
    /** Time of the next look. A worker that looks puts it off first, so that no other looks meanwhile. */
    dueAt: time().defaultRaw("now()"),
    /** Number of looks that began: a list of an earlier one is not stored. */
    look: p.integer().default(0),
    listedAt: time().nullable(),
    /** Reason why the newest look brought no list. */
    fault: p.text().nullable(),
    /** Entries of the list that are not kept. */
    leftOut: p.integer().default(0),
  },
});

/** A tool of a server's list. */
const McpTool = defineEntity({
  name: "McpTool",
  tableName: "mcp_tools",
  properties: {
    id: p.uuid().primary(),
    siteId: p.text().default(defaultSite),
    server: p.text(),
    name: p.text(),
    description: p.text(),
    /** JSON text: a server's JSON may hold what PostgreSQL's `jsonb` refuses. */
    schema: p.text(),
    /** Hash of name, description and schema. */
    hash: p.text(),
    /** Reason why no model can be offered it. */
    fault: p.text().nullable(),
    /** Time of the look that no longer found it. */
    goneAt: time().nullable(),
    /** True if an operator has allowed it exactly as it is. A change takes that back. */
    allowed: p.boolean().default(false),
    /** As it was when an operator allowed it last. */
    allowedHash: p.text().nullable(),
    allowedDescription: p.text().nullable(),
    allowedSchema: p.text().nullable(),
    decidedAt: time().nullable(),
    /** Operator who allowed it or turned it off; null: a change did. */
    decidedBy: p.uuid().nullable(),
  },
  uniques: [{ name: "mcp_tools_of_server", properties: ["siteId", "server", "name"] }],
});

export const mcpEntities = [McpServer, McpTool];
