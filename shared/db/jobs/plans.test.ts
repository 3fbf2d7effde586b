import type { Pool, QueryConfig, QueryResult } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { fillDatabase } from "../../testing/fixtures/many-conversations.ts";
import { hotCalls, sampleOf, type HotSample } from "../../testing/fixtures/hot-calls.ts";

/** Enough for the planner to prefer an index over reading all; it holds two hundred thousand messages. */
const conversations = 20_000;
const waitingCards = 1000;

describe("in a database used for long", () => {
  let db: OpenTestDatabase;
  let sample: HotSample;
  beforeAll(async () => {
    db = await openTestDatabase();
    await fillDatabase(db.pool, conversations);
    await addWaitingCards(db.pool, waitingCards);
    sample = await sampleOf(db.pool);
  }, 120_000);
  afterAll(() => db[Symbol.asyncDispose]());

  const ofEachMessage = Object.entries(hotCalls).filter(([name]) => /^(append|insert|claim)/.test(name));
  it.each(ofEachMessage)("%s looks at none of a thousand cards that wait", async (_, call) => {
    for (const statement of await recordStatements(db.pool, (pool) => call(pool, sample))) {
      expect(tablesOf(await explain(db.pool, statement))).not.toContain("actions");
    }
  });

  it.each(Object.entries(hotCalls))("%s scans no table sequentially", async (_, call) => {
    const asked = await recordStatements(db.pool, (pool) => call(pool, sample));
    expect(asked).not.toEqual([]);
    for (const statement of asked) {
      expect(scans(await explain(db.pool, statement)), statement.text).toEqual([]);
    }
  });
});

/** Adds cards that wait for their visitors, one in each of so many conversations. */
async function addWaitingCards(pool: Pool, count: number): Promise<void> {
  await pool.query(
    `insert into actions (id, conversation_id, job_id, no, tool, version, hash, arguments, title, lines, expires_at)
     select gen_random_uuid(), conversation_id, id, 1, 'cancel_order', '1', '', '{}', 'Cancel', '[]', now() + interval '1 d'
     from jobs limit $1`,
    [count],
  );
  await pool.query("analyze actions");
}

describe("in a database last analysed when everything was answered", () => {
  let db: OpenTestDatabase;
  let sample: HotSample;
  beforeAll(async () => {
    db = await openTestDatabase();
    await fillDatabase(db.pool, 2000);
    sample = await sampleOf(db.pool);
    await db.pool.query("update jobs set status = 'completed', due_at = null, lease_until = null, finished_at = now()");
    await db.pool.query("vacuum analyze");
  }, 120_000);
  afterAll(() => db[Symbol.asyncDispose]());

  const ofOneJob = Object.entries(hotCalls).filter(([name]) => /^(append|claim|begin|end)/.test(name));
  it.each(ofOneJob)("%s finds its job by id, not among all queued ones", async (_, call) => {
    const asked = await recordStatements(db.pool, (pool) => call(pool, sample));
    for (const statement of asked) {
      const indexes = indexesOf(await explain(db.pool, statement));
      expect(indexes.filter((name) => /^jobs_(queued|due|one_active|failed)$/.test(name))).toEqual([]);
    }
  });
});

/** Statements that a function sends to the database; each is answered as by an empty one. */
async function recordStatements(pool: Pool, call: (pool: Pool) => Promise<unknown>): Promise<QueryConfig[]> {
  const asked: QueryConfig[] = [];
  const answer: QueryResult = { rows: [], rowCount: 0, command: "", oid: 0, fields: [] };
  const recorder = Object.create(pool, {
    query: {
      value: async (config: QueryConfig | string, values?: unknown[]) => {
        asked.push(typeof config === "string" ? { text: config, ...(values && { values }) } : config);
        return answer;
      },
    },
  }) as Pool;
  await call(recorder);
  return asked;
}

interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  Plans?: Plan[];
}

/** With its values, and for any values, as a prepared statement comes to be planned. */
async function explain(pool: Pool, { text, values = [] }: QueryConfig<unknown[]>): Promise<Plan[]> {
  const custom = await pool.query<{ "QUERY PLAN": { Plan: Plan }[] }>(`explain (format json) ${text}`, values);
  const generic = await pool.query<{ "QUERY PLAN": { Plan: Plan }[] }>(`explain (generic_plan, format json) ${text}`);
  return [...custom.rows, ...generic.rows].flatMap((row) => row["QUERY PLAN"].map(({ Plan }) => Plan));
}

/** Tables that grow with use, and are read as a whole. */
function scans(plans: Plan[]): string[] {
  return plans.flatMap((plan) => {
    const table = plan["Node Type"] === "Seq Scan" ? plan["Relation Name"] : undefined;
    const grows =
      table !== undefined && ["conversations", "messages", "jobs", "calls", "runs", "actions"].includes(table);
    return [...(grows ? [table] : []), ...scans(plan.Plans ?? [])];
  });
}

function tablesOf(plans: Plan[]): string[] {
  return plans.flatMap((plan) => [plan["Relation Name"] ?? [], ...tablesOf(plan.Plans ?? [])].flat());
}

function indexesOf(plans: Plan[]): string[] {
  return plans.flatMap((plan) => [
    ...(plan["Index Name"] === undefined ? [] : [plan["Index Name"]]),
    ...indexesOf(plan.Plans ?? []),
  ]);
}
