import fc from "fast-check";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { type Config, readConfig } from "../../../shared/config/config.ts";
import { requestCancel } from "../../../shared/db/jobs/end.ts";
import { modelOf, type ProviderName } from "../../../shared/assistants/provider-catalog.ts";
import {
  anyText,
  type ChargingProvider,
  courses,
  startChargingProvider,
} from "../../../tools/fake-provider/charging-provider.ts";
import { followUp, startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { deliver } from "../deliver.ts";
import { loadProviders } from "../providers/registry.ts";
import { openWorker, type TestWorker } from "../worker-fixture.testsuite.ts";

const price = { input: 1, cacheWrite: 1.25, cachedInput: 0.1, output: 5 };
const budget = 0.08;
const maxOutputTokens = 300;
const visitorsAtOnce = 6;
const visits = 4;

let jobs: TestJobContext;
afterEach(() => jobs[Symbol.asyncDispose]());

const providers: ProviderName[] = ["anthropic", "openai", "openai-assistants", "compatible"];

describe.each(jobStores)("daily budget on $name", ({ available, openJobs }) => {
  it.runIf(available).each(providers)(
    "is kept at %s by what is really charged, and nothing charged is missing in the ledger",
    async (name) => {
      jobs = await openJobs();
      const jobIds = new Map<string, string>();
      const { upstream, cancelBy } = await openUpstream(jobIds);
      const worker = await openWorkerOf(name, upstream);
      cancelBy(worker);

      const texts = fc.sample(anyText(700), { numRuns: visitorsAtOnce * visits * 2, seed: 7 });
      for (let visit = 0; visit < visits; visit += 1) {
        const room = Array.from({ length: visitorsAtOnce }, (_, i) => `${visit}.${i}`);
        await Promise.all(
          room.map(async (visitor) => {
            const [first, second] = [`${visitor}.1 ${texts.pop()}`, `${visitor}.2 ${texts.pop()}`];
            const { id, conversationId } = await startConversation(jobs.db.pool, { text: first });
            jobIds.set(first, id);
            await deliver(worker, id);
            const next = await followUp(jobs.db.pool, conversationId, { text: second });
            jobIds.set(second, next.id);
            await deliver(worker, next.id);
          }),
        );
      }
      const unsettled = "select from calls where settled_at is null";
      await expect.poll(async () => (await jobs.db.pool.query(unsettled)).rowCount).toBe(0);

      const outcomes = await jobs.db.pool.query("select distinct outcome from calls order by outcome");
      expect(outcomes.rows).toEqual([{ outcome: "answered" }, { outcome: "failed" }, { outcome: "stopped" }]);
      const ledger = await readLedger();
      for (const [message, charged] of upstream.charges) {
        expect(ledger.get(jobIds.get(message) ?? "") ?? 0, message.slice(0, 20)).toBeGreaterThanOrEqual(charged);
      }
      const charged = sum(upstream.charges.values());
      expect(charged).toBeLessThanOrEqual(budget);
      // It was used, and then it was used up.
      expect(charged).toBeGreaterThan(budget / 4);
      expect(ledger.size).toBeLessThan(jobIds.size);
      const { rows } = await jobs.db.pool.query<object>(
        "select settled_usd as settled, reserved_usd as left from budgets",
      );
      expect(rows).toEqual([
        { settled: expect.closeTo(sum(ledger.values()), 9) as number, left: expect.closeTo(0, 9) as number },
      ]);
      expect(sum(ledger.values())).toBeLessThanOrEqual(budget);
    },
  );
});

/** Each message is answered in its own way, and in another one when it is asked again. */
async function openUpstream(jobIds: ReadonlyMap<string, string>) {
  const asked = new Map<string, number>();
  let calls = 0;
  let worker: TestWorker | undefined;
  const upstream = await startChargingProvider({
    price,
    outputTokens: maxOutputTokens,
    course(message) {
      const times = (asked.get(message) ?? 0) + 1;
      asked.set(message, times);
      return (times === 1 ? courses[calls++ % courses.length] : undefined) ?? "counted";
    },
    cancel(message) {
      const id = jobIds.get(message) ?? "";
      void requestCancel(jobs.db.pool, id).then(() => worker?.leases.hearCancel(id));
    },
  });
  onTestFinished(() => upstream.fake.close());
  const cancelBy = (opened: TestWorker) => {
    worker = opened;
  };
  return { upstream, cancelBy };
}

async function openWorkerOf(name: ProviderName, { fake }: ChargingProvider): Promise<TestWorker> {
  const opened = openWorker(jobs);
  onTestFinished(() => opened.circuits.close());
  const config: Config = readConfig({
    DATABASE_URL: jobs.databaseUrl,
    ANTHROPIC_BASE_URL: fake.url,
    ANTHROPIC_API_KEY: "a-key",
    OPENAI_BASE_URL: fake.url,
    OPENAI_API_KEY: "a-key",
    OPENAI_ASSISTANT_ID: "asst_1",
    COMPATIBLE_BASE_URL: fake.url,
  });
  const usual = opened.assistants.get("default");
  if (!usual) throw new Error("there is a default assistant");
  const assistant: Assistant = { ...usual, provider: name, fallback: [], maxOutputTokens, budget };
  return {
    ...opened,
    config,
    providers: new Map([...opened.providers, ...(await loadProviders(config))]),
    assistants: new Map([["default", assistant]]),
    prices: new Map([[modelOf(name, assistant, config), price]]),
  };
}

/** Cost written down for each job, in USD. */
async function readLedger(): Promise<Map<string, number>> {
  const { rows } = await jobs.db.pool.query<{ id: string; usd: number }>(
    "select job_id as id, sum(cost_usd) as usd from calls group by job_id",
  );
  return new Map(rows.map(({ id, usd }) => [id, usd]));
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}
