import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { v7 } from "uuid";
import { z } from "zod";
import * as looks from "../../shared/db/mcp/looks.ts";
import * as tools from "../../shared/db/mcp/tools.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { reads, type StatementCase, writes } from "./statement-case.ts";

const claimed = z.strictObject({ key: z.string(), look: z.int() });
const allowed = {
  server: z.string(),
  name: z.string(),
  description: z.string(),
  schema: z.string(),
  hash: z.string(),
};
const tool = z.strictObject({
  ...allowed,
  id: z.uuid(),
  fault: z.string().nullable(),
  allowed: z.boolean(),
  allowedHash: z.string().nullable(),
  allowedDescription: z.string().nullable(),
  allowedSchema: z.string().nullable(),
  goneAt: z.date().nullable(),
  decidedAt: z.date().nullable(),
  operator: z.string().nullable(),
});

/** A server whose list was claimed. */
async function claimOne(pool: Pool) {
  const key = randomUUID();
  const [look] = await looks.claimLooks(pool, defaultSite, [{ key, url: "https://shop.example.com/mcp" }]);
  if (!look) throw new Error("it was not claimed");
  return look;
}

/** A server with one tool, which an operator has allowed. */
async function allowOne(pool: Pool) {
  const look = await claimOne(pool);
  const listed = { id: v7(), name: "order_status", description: "", schema: "{}", hash: "a", fault: null };
  await looks.storeList(pool, defaultSite, { ...look, tools: [listed], leftOut: 0 });
  await tools.allowTool(pool, { siteId: defaultSite, id: listed.id, operatorId: null, hash: "a" });
  return { ...look, listed };
}

/** Statements about tools of MCP servers. */
export const mcpCases: StatementCase[] = [
  reads(looks.claimMcpLookStatement, claimed, claimOne),
  reads(looks.storeMcpListStatement, z.strictObject({ name: z.string() }), async (pool) => {
    const { listed, ...look } = await allowOne(pool);
    await looks.storeList(pool, defaultSite, { ...look, tools: [{ ...listed, hash: "b" }], leftOut: 0 });
  }),
  writes(looks.failMcpLookStatement, async (pool) =>
    looks.failListing(pool, defaultSite, { ...(await claimOne(pool)), fault: "The server answered with status 500." }),
  ),
  reads(looks.refreshMcpServerStatement, z.strictObject({ key: z.string() }), async (pool) =>
    looks.refreshServer(pool, defaultSite, (await claimOne(pool)).key),
  ),
  reads(tools.allowedMcpToolsStatement, z.strictObject(allowed), async (pool) =>
    tools.readAllowedTools(pool, defaultSite, [(await allowOne(pool)).key]),
  ),
  reads(tools.mcpToolsStatement, tool, async (pool) =>
    tools.readMcpTools(pool, defaultSite, [(await allowOne(pool)).key]),
  ),
  reads(
    tools.mcpServersStatement,
    z.strictObject({
      key: z.string(),
      listedAt: z.date().nullable(),
      fault: z.string().nullable(),
      leftOut: z.int(),
    }),
    async (pool) => tools.readMcpServers(pool, defaultSite, [(await allowOne(pool)).key]),
  ),
  reads(tools.allowMcpToolStatement, tool, allowOne),
  reads(tools.disallowMcpToolStatement, tool, async (pool) => {
    const { id } = (await allowOne(pool)).listed;
    await tools.disallowTool(pool, { siteId: defaultSite, id, operatorId: null });
  }),
  reads(tools.mcpToolByIdStatement, tool, async (pool) =>
    tools.readMcpTool(pool, defaultSite, (await allowOne(pool)).listed.id),
  ),
];
