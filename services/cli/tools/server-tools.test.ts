import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { v7 } from "uuid";
import { beforeAll, expect, it } from "vitest";
import { serverKey } from "../../../shared/assistants/tools/mcp-declaration.ts";
import { claimLooks, storeList } from "../../../shared/db/mcp/looks.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { startMcpServer, type TestMcpServer } from "../../../shared/testing/fixtures/mcp-server.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { spawnCommand } from "../command-for-tests.ts";

const command = fileURLToPath(new URL("../tools.ts", import.meta.url));
const inputSchema = { type: "object" as const, properties: { order: { type: "string" } }, required: ["order"] };

let db: OpenTestDatabase;
let server: TestMcpServer;
let folder: string;
beforeAll(async () => {
  db = await openTestDatabase();
  server = await startMcpServer([{ name: "order_status", description: "Looks up an order", inputSchema }]);
  folder = await mkdtemp(join(tmpdir(), "parley-server-tools-"));
  await mkdir(join(folder, "config"));
  const presets = [
    { default: true, reply: "How can I help?" },
    { fallback: true, reply: "Please try again." },
  ];
  const mcp = [{ url: server.url, tools: [{ name: "order_status", effect: "read" }] }];
  const assistant = { name: "Shop", description: "Sells", instructions: "Be kind.", presets, mcp };
  await writeFile(join(folder, "config/assistants.json"), JSON.stringify({ assistants: { default: assistant } }));
  return async () => {
    await rm(folder, { recursive: true });
    await server.close();
    await db[Symbol.asyncDispose]();
  };
});

const run = (...args: string[]) =>
  spawnCommand(command, args, {
    cwd: folder,
    env: {
      ...process.env,
      DATABASE_URL: db.url,
      FETCH_ALLOW_PRIVATE: "127.0.0.0/8",
      FETCH_PORTS: String(server.port),
    },
  });

/** Stores a list as a worker does. */
async function list(hash: string): Promise<void> {
  const key = serverKey({ url: server.url });
  await db.pool.query("update mcp_servers set due_at = now()");
  const [look] = await claimLooks(db.pool, defaultSite, [{ key, url: server.url }]);
  const tool = { id: v7(), name: "order_status", description: `as ${hash}`, schema: "{}", hash, fault: null };
  if (look) await storeList(db.pool, defaultSite, { ...look, tools: [tool], leftOut: 0 });
}

it(
  "are listed and tried, allowed as they were shown, and shown with their difference",
  { timeout: 60_000 },
  async () => {
    expect((await run("list")).stdout).toBe(`default  order_status  read    MCP ${server.url} order_status\n`);
    const tried = await run("try", "order_status", "--arguments", '{"order":"1042"}');
    expect(tried).toMatchObject({ code: 0, stdout: 'order_status {"order":"1042"}\n' });
    expect((await run("states")).stdout).toBe("default  order_status  not listed yet\n");
    expect(await run("allow", "order_status")).toMatchObject({ code: 1 });
    await list("a");
    expect((await run("allow", "order_status")).stdout).toBe("off\ndescription: as a\nschema: {}\npin: a\n");
    expect(await run("allow", "order_status", "--pin", "b")).toMatchObject({ code: 1 });
    expect(await run("allow", "order_status", "--pin", "a")).toMatchObject({ code: 0 });
    expect((await run("states")).stdout).toBe("default  order_status  allowed\n");
    await list("b");
    expect((await run("allow", "order_status")).stdout).toBe(
      "changed, and off\ndescription: as b\n  before: as a\nschema: {}\npin: b\n",
    );
  },
);
