import { afterEach, describe, expect, it } from "vitest";
import { claimSuggestion, dropSuggestions, readSuggestion } from "../../../shared/db/desk/suggestions.ts";
import { settleLostCalls } from "../../../shared/db/jobs/calls.ts";
import { storeTombstone } from "../../../shared/db/conversations/erasure.ts";
import { jobStores, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { askForSuggestion, eventLines, messageLines } from "../../../shared/testing/fixtures/operators.ts";
import { ProviderError } from "../providers/provider.ts";
import { Stopped } from "../run/leases.ts";
import { openWorker, says, hangsAfter, type TestWorker } from "../worker-fixture.testsuite.ts";
import { writeSuggestion } from "./suggestions.ts";

let jobs: TestJobContext;
afterEach(() => jobs[Symbol.asyncDispose]());

const upstream = "http://127.0.0.1:1";

async function claimAndWrite(worker: TestWorker, signal = new AbortController().signal): Promise<void> {
  const claimed = await claimSuggestion(jobs.db.pool);
  if (!claimed) throw new Error("no suggestion was to be had");
  await writeSuggestion(worker, claimed, signal);
}

const readCalls = async () =>
  (
    await jobs.db.pool.query<object>(
      "select outcome, output_tokens as tokens, budget_day is not null as charged from calls",
    )
  ).rows;

describe.each(jobStores)("a suggestion, on $name", ({ available, openJobs }) => {
  it.runIf(available)(
    "is the assistant's answer, counted as a call, and nothing that a visitor could read",
    async () => {
      jobs = await openJobs();
      const { pool } = jobs.db;
      const worker = openWorker(jobs, { upstream, stream: () => says("It takes ", "two days.") });
      const asked = await askForSuggestion(pool, { text: "How long?" });
      const before = await eventLines(pool, asked.conversationId);
      expect(await readSuggestion(pool, asked)).toMatchObject({ state: "writing", text: null });
      await claimAndWrite(worker);
      expect(await readSuggestion(pool, asked)).toEqual({
        state: "done",
        text: "It takes two days.",
        sources: [],
        errorCode: null,
      });
      expect(await claimSuggestion(pool)).toBeUndefined();
      expect(await readCalls()).toEqual([{ outcome: "answered", tokens: 2, charged: false }]);
      expect(await eventLines(pool, asked.conversationId)).toEqual(before);
      expect(await messageLines(pool, asked.conversationId)).toEqual(["user: How long?"]);
      expect((await pool.query("select from drafts")).rowCount).toBe(0);
      // It is for the one who asked.
      expect(await readSuggestion(pool, { ...asked, operatorId: asked.id })).toBeUndefined();
      await storeTombstone(pool, asked.conversationId);
      expect(await readSuggestion(pool, asked)).toBeUndefined();
    },
  );

  it.runIf(available)("says why there is none: no provider, no budget, or a worker that ends or dies", async () => {
    jobs = await openJobs();
    const { pool } = jobs.db;
    const end = async (worker: TestWorker, signal?: AbortSignal) => {
      const asked = await askForSuggestion(pool);
      await claimAndWrite(worker, signal);
      return readSuggestion(pool, asked);
    };
    const failing = () => {
      throw new ProviderError("rejected", "the key is refused");
    };
    expect(await end(openWorker(jobs, { upstream, stream: failing }))).toMatchObject({
      state: "failed",
      errorCode: "unavailable",
      text: null,
    });
    const poor = openWorker(jobs, { upstream });
    const budgeted = {
      ...poor.assistants.get("default"),
      provider: "compatible" as const,
      model: "dear",
      budget: 0.000001,
    };
    const dear = { input: 1000, output: 1000, cachedInput: 1000, cacheWrite: 1000 };
    const assistants = new Map([["default", budgeted]]) as TestWorker["assistants"];
    expect(await end({ ...poor, assistants, prices: new Map([["dear", dear]]) })).toMatchObject({
      errorCode: "budget",
    });

    const ending = new AbortController();
    const worker = openWorker(jobs, { upstream, stream: (_, signal) => hangsAfter("half an", signal) });
    const ended = end(worker, ending.signal);
    await expect.poll(async () => (await readCalls()).length, { interval: 5 }).toBe(2);
    ending.abort(new Stopped("released"));
    expect(await ended).toMatchObject({ state: "failed", errorCode: "lost", text: null });

    const asked = await askForSuggestion(pool);
    const claimed = await claimSuggestion(pool);
    expect(claimed?.id).toBe(asked.id);
    await pool.query("update suggestions set expires_at = now() - interval '1 s'");
    expect(await readSuggestion(pool, asked)).toMatchObject({ state: "failed", errorCode: "lost" });
  });

  it.runIf(available)("goes after minutes, and the call of a dead worker is settled", async () => {
    jobs = await openJobs();
    const { pool } = jobs.db;
    const asked = await askForSuggestion(pool);
    await pool.query(
      `insert into calls (id, job_id, attempt, assistant_type, provider, model, begun_at)
       values (gen_random_uuid(), $1, 1, 'default', 'compatible', 'm', now() - interval '2 min')`,
      [asked.id],
    );
    expect(await settleLostCalls(pool)).toBe(1);
    expect(await readCalls()).toMatchObject([{ outcome: "lost" }]);
    await dropSuggestions(pool);
    expect(await readSuggestion(pool, asked)).toBeDefined();
    await pool.query("update suggestions set asked_at = now() - interval '1 h'");
    await dropSuggestions(pool);
    expect(await readSuggestion(pool, asked)).toBeUndefined();
  });
});
