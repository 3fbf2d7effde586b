import { Redis } from "ioredis";
import type { QueryConfig } from "pg";
import { describe, expect, it } from "vitest";
import { siteTools } from "../../../shared/assistants/tools/site-tool.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import { startFakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import type { Script } from "../../../tools/fake-provider/fake-script.ts";
import { deliver } from "../deliver.ts";
import { createCompatibleProvider } from "../providers/compatible/compatible.ts";
import { openWorker } from "../worker-fixture.testsuite.ts";

/** Cost of an answer with one reading tool, at most, times one without. */
const mostTimes = 1.75;

const properties = { order: { type: "string" } };
const [tool] = siteTools.parse([
  {
    name: "order_status",
    description: "Looks up an order",
    parameters: { type: "object", properties, required: ["order"] },
    effect: "read",
    request: { method: "GET", url: "https://shop.example/{order}" },
  },
]);

/** An answer of a worker whose model does so, and what it asks the stores for: the names of statements, and Redis' commands. */
async function costOf(jobs: TestJobContext & { redis?: { url: string } }, ...scripts: Script[]) {
  const fake = await startFakeProvider();
  fake.next(...scripts);
  const asked: string[] = [];
  const { pool } = jobs.db;
  const query = (config: QueryConfig) => {
    asked.push(config.name ?? config.text);
    return pool.query(config);
  };
  const { id } = await startConversation(pool, { provider: "compatible" });
  const worker = openWorker({
    ...jobs,
    db: { ...jobs.db, pool: Object.create(pool, { query: { value: query } }) as typeof pool },
  });
  const tools = tool ? [tool] : [];
  const compatible = createCompatibleProvider({ baseUrl: fake.url, model: "test-model" });
  const commands: string[] = [];
  const listening = jobs.redis && new Redis(jobs.redis.url);
  const monitor = await listening?.monitor();
  monitor?.on("monitor", (_time: string, args: string[], source: string) => {
    if (source !== "lua") commands.push(args[0]?.toLowerCase() ?? "");
  });
  await deliver(
    {
      ...worker,
      providers: new Map([...worker.providers, ["compatible" as const, compatible]]),
      assistants: new Map([...worker.assistants].map(([type, each]) => [type, { ...each, tools }])),
      siteTools: { ...worker.siteTools, call: async () => ({ state: "done", status: 200, text: "sent" }) },
    },
    id,
  );
  // The draft is dropped last.
  if (monitor) await expect.poll(() => commands.includes("unlink")).toBe(true);
  monitor?.disconnect();
  listening?.disconnect();
  await fake.close();
  worker.circuits.close();
  return { id, statements: asked, commands };
}

const looksUp = { call: { name: "order_status", arguments: '{"order":"1042"}' } };

describe.each(jobStores)("an answer with a reading tool, on $name", ({ name, available, openJobs }) => {
  it.runIf(available && (name !== "Redis" || redisAvailable))(
    "takes at most 1.75 times the statements and commands of one without",
    async () => {
      await using jobs = await openJobs();
      // Statements of a process' first answer are no part of it.
      await costOf(jobs, { steps: ["It is on its way."] });
      const without = await costOf(jobs, { steps: ["It is on its way."] });
      const with1 = await costOf(jobs, { steps: [looksUp] }, { steps: ["It is on its way."] });
      const { rows } = await jobs.db.pool.query("select tool_calls from runs where job_id = $1", [with1.id]);
      expect(rows).toMatchObject([
        { tool_calls: [{ tool: "order_status", arguments: { order: "text of 4" }, outcome: "done", status: 200 }] },
      ]);
      expect(without.statements).toEqual(["claim-job", "begin-call", "end-job"]);
      expect(with1.statements).toEqual(["claim-job", "begin-call", "settle-call", "begin-call", "end-job"]);
      expect(with1.statements.length).toBeLessThanOrEqual(mostTimes * without.statements.length);
      const lists = JSON.stringify([without.commands, with1.commands]);
      expect(with1.commands.length, lists).toBeLessThanOrEqual(mostTimes * without.commands.length);
    },
  );
});
