import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readJob } from "../../../shared/db/jobs/read-job.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { startFakeProvider, type FakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import { jobStores, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { recordingLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { deliver } from "../deliver.ts";
import { createCompatibleProvider } from "../providers/compatible/compatible.ts";
import { openWorker, type TestWorker } from "../worker-fixture.testsuite.ts";

let fake: FakeProvider;
let jobs: TestJobContext;
beforeEach(async () => {
  fake = await startFakeProvider();
  // Answers of a server change nothing about the stores: one of them is enough.
  jobs = await jobStores[1].openJobs();
});
afterEach(async () => {
  await jobs[Symbol.asyncDispose]();
  await fake.close();
});

/** A worker whose only provider is a real one, at the fake upstream. */
function openReal(): TestWorker & { lines: ReturnType<typeof recordingLog>["lines"] } {
  const { log, lines } = recordingLog();
  const provider = createCompatibleProvider({ baseUrl: fake.url, apiKey: "sk-test-123456789", model: "m" });
  const stream: typeof provider.stream = (request, signal) => provider.stream(request, signal);
  return { ...openWorker(jobs, { stream, upstream: fake.url }), log, lines };
}

async function answer(worker: TestWorker): Promise<string> {
  const { id } = await startConversation(jobs.db.pool);
  await deliver(worker, id);
  return id;
}

async function readCalls(jobId: string) {
  const { rows } = await jobs.db.pool.query("select * from calls where job_id = $1", [jobId]);
  return rows as Record<string, unknown>[];
}

function events(...data: unknown[]): { headers: Record<string, string>; body: string } {
  const body = data.map((each) => `data: ${JSON.stringify(each)}\n\n`).join("");
  return { headers: { "content-type": "text/event-stream" }, body: `${body}data: [DONE]\n\n` };
}

const said = (content: string, id = "c-1") => ({ id, choices: [{ delta: { content } }] });
const end = { id: "c-1", choices: [{ delta: {}, finish_reason: "stop" }] };
const counts = { prompt_tokens: 1000, completion_tokens: 10 };

describe("ledger", () => {
  it.each<[string, object, number]>([
    ["the provider's own price", { ...counts, cost: 0.0125 }, 0.0125],
    ["the provider's own price in ticks", { ...counts, cost_in_usd_ticks: 125_000_000 }, 0.0125],
    ["the price of the file where the provider says zero", { ...counts, cost: 0 }, 0.02],
    ["the price of the file where the provider says none", counts, 0.02],
  ])("holds %s", async (_, usage, usd) => {
    const worker = openReal();
    const prices = new Map([[worker.config.COMPATIBLE_MODEL, { input: 10, output: 1000 }]]);
    fake.next(events(said("Yes."), end, { id: "c-1", choices: [], usage }));
    const id = await answer({ ...worker, prices });
    const [call] = await readCalls(id);
    expect(call).toMatchObject({ outcome: "answered", input_tokens: 1000, output_tokens: 10, estimated: false });
    expect(Number(call?.["cost_usd"])).toBeCloseTo(usd, 10);
    expect((await readJob(jobs.db.pool, id))?.costUsd).toBeCloseTo(usd, 10);
  });

  it("stores the provider's own price for a model the price file does not list", async () => {
    fake.next(events(said("Yes."), end, { id: "c-1", choices: [], usage: { ...counts, cost: 0.0125 } }));
    const [call] = await readCalls(await answer(openReal()));
    expect(Number(call?.["cost_usd"])).toBe(0.0125);
  });
});

describe("reply whose limit was used up by thoughts", () => {
  it("is called once, does not count towards an open circuit, and is logged with its limit", async () => {
    const file = new URL("../providers/recorded/compatible/errors/all-tokens-spent-on-reasoning.sse", import.meta.url);
    const body = await readFile(file, "utf8");
    const worker = openReal();
    for (let job = 1; job <= 6; job++) {
      fake.next({ headers: { "content-type": "text/event-stream" }, body });
      const id = await answer(worker);
      expect(fake.calls).toHaveLength(job);
      expect(await readJob(jobs.db.pool, id)).toMatchObject({ provider: "preset", replyText: "We are busy." });
    }
    expect(worker.circuits.open).toEqual([]);
    const warnings = worker.lines.filter(({ level }) => level === 40);
    expect(JSON.stringify(warnings[0])).toContain("maxOutputTokens (100) was used up before the first word; raise it");
  });
});

describe("stream of two replies", () => {
  it("is called again: no visitor reads them joined", async () => {
    fake.next(
      events(said("You can "), said("return it. "), said("Returns are ", "c-2"), said("free.", "c-2"), end),
      events(said("Returns are free."), end),
    );
    const id = await answer(openReal());
    expect(fake.calls).toHaveLength(2);
    expect((await readJob(jobs.db.pool, id))?.replyText).toBe("Returns are free.");
  });
});

describe("rejected API key", () => {
  it.each<[string, { status?: number; body: string }]>([
    ["with status 400", { status: 400, body: '{"code":"invalid-argument","error":"Incorrect API key provided: sk"}' }],
    ["with status 500", { status: 500, body: '{"error":{"code":"invalid_api_key","message":"no"}}' }],
    ["with status 200", { body: '{"detail":"Invalid API key"}\n' }],
  ])("%s is called once, and said loudly once a minute", async (_, script) => {
    const worker = openReal();
    for (let job = 1; job <= 2; job++) {
      fake.next(script);
      await answer(worker);
      expect(fake.calls).toHaveLength(job);
    }
    const loud = worker.lines.filter(({ level }) => level === 50);
    expect(loud.map(({ msg }) => msg)).toEqual([expect.stringContaining("rejected its API key")]);
    expect(JSON.stringify(loud)).toContain("check COMPATIBLE_API_KEY");
    expect(worker.circuits.open).toEqual([]);
  });
});
