import { v7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { defaultSite } from "../../sites/default-site.ts";
import { jobStores, type TestJobContext } from "../../testing/fixtures/job-context.ts";
import { claimLooks, failListing, refreshServer, storeList } from "./looks.ts";
import { allowTool, disallowTool, readAllowedTools, readMcpServers, readMcpTools } from "./tools.ts";

const [, onPostgres] = jobStores;

let jobs: TestJobContext;
beforeAll(async () => {
  jobs = await onPostgres.openJobs();
});
afterAll(() => jobs[Symbol.asyncDispose]());

const listed = (hash: string, fault: string | null = null) => ({
  id: v7(),
  name: "order_status",
  description: `as ${hash}`,
  schema: "{}",
  hash,
  fault,
});

/** A server that was claimed once, with a way to store its next list as if it were due again. */
async function startServer() {
  const { pool } = jobs.db;
  const key = v7();
  const declared = [{ key, url: "https://shop.example.com/mcp" }];
  const claim = () => claimLooks(pool, defaultSite, declared);
  const makeDue = () => pool.query("update mcp_servers set due_at = now() where key = $1", [key]);
  const store = async (...tools: ReturnType<typeof listed>[]) => {
    await makeDue();
    const [look] = await claim();
    return look && storeList(pool, defaultSite, { ...look, tools, leftOut: 0 });
  };
  const tools = () => readMcpTools(pool, defaultSite, [key]);
  const allowed = () => readAllowedTools(pool, defaultSite, [key]);
  return { key, claim, makeDue, store, tools, allowed, pool };
}

it("is looked at by one of many workers, and again once it is due", async () => {
  const { claim, makeDue } = await startServer();
  const claims = await Promise.all([claim(), claim(), claim()]);
  expect(claims.flat()).toHaveLength(1);
  expect(await claim()).toEqual([]);
  await makeDue();
  expect((await Promise.all([claim(), claim()])).flat()).toMatchObject([{ look: 2 }]);
});

it("keeps no list of a look that another one has overtaken", async () => {
  const { claim, makeDue, pool, tools } = await startServer();
  const [slow] = await claim();
  await makeDue();
  const [fast] = await claim();
  if (!slow || !fast) throw new Error("nothing was claimed");
  await storeList(pool, defaultSite, { ...fast, tools: [listed("new")], leftOut: 3 });
  await storeList(pool, defaultSite, { ...slow, tools: [listed("old")], leftOut: 0 });
  await failListing(pool, defaultSite, { ...slow, fault: "late" });
  expect(await tools()).toMatchObject([{ hash: "new" }]);
  expect(await readMcpServers(pool, defaultSite, [slow.key])).toMatchObject([{ fault: null, leftOut: 3 }]);
});

it("is off until it is allowed as it was seen, and off again when it changes, even if it changes back", async () => {
  const { store, tools, allowed, pool } = await startServer();
  await store(listed("a"));
  expect(await allowed()).toEqual([]);
  const [{ id } = { id: "" }] = await tools();
  const decide = { siteId: defaultSite, id, operatorId: null };
  expect(await allowTool(pool, { ...decide, hash: "b" })).toBeUndefined();
  expect(await allowTool(pool, { ...decide, hash: "a" })).toMatchObject({ allowed: true });
  expect(await store(listed("a"))).toEqual([]);
  expect(await allowed()).toMatchObject([{ name: "order_status", hash: "a" }]);
  expect(await store(listed("b"))).toEqual(["order_status"]);
  expect(await allowed()).toEqual([]);
  expect(await tools()).toMatchObject([
    { id, hash: "b", allowed: false, allowedDescription: "as a", description: "as b" },
  ]);
  expect(await store(listed("a"))).toEqual([]);
  expect(await allowed()).toEqual([]);
});

it("is off while the server does not list it, or it cannot be offered", async () => {
  const { store, tools, allowed, pool } = await startServer();
  await store(listed("a"));
  const [{ id } = { id: "" }] = await tools();
  const decide = { siteId: defaultSite, id, operatorId: null };
  await allowTool(pool, { ...decide, hash: "a" });
  await store();
  expect(await allowed()).toEqual([]);
  expect(await allowTool(pool, { ...decide, hash: "a" })).toBeUndefined();
  await store(listed("a"));
  expect(await allowed()).toHaveLength(1);
  await store(listed("a", "it is listed twice"));
  expect(await allowed()).toEqual([]);
  await store(listed("a"));
  expect(await disallowTool(pool, decide)).toMatchObject({ allowed: false, allowedHash: "a" });
  expect(await allowed()).toEqual([]);
});

it("keeps its tools while its server is away, and is read again on demand", async () => {
  const { key, claim, store, makeDue, tools, pool } = await startServer();
  await store(listed("a"));
  await makeDue();
  const [look] = await claim();
  if (!look) throw new Error("nothing was claimed");
  await failListing(pool, defaultSite, { ...look, fault: "The server answered with status 500." });
  expect(await tools()).toHaveLength(1);
  expect(await readMcpServers(pool, defaultSite, [key])).toMatchObject([
    { fault: "The server answered with status 500." },
  ]);
  await store(listed("a"));
  expect(await claim()).toEqual([]);
  expect(await refreshServer(pool, defaultSite, key)).toBe(true);
  expect(await claim()).toHaveLength(1);
  expect(await refreshServer(pool, defaultSite, "none")).toBe(false);
});
