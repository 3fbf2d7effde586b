import { defaultSite } from "../../sites/default-site.ts";
import { v7 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import { claim, completed, loseLease, startConversation } from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { beginCall, type CallEnd, type NewCall, settleCall, settleLostCalls, withdrawCall } from "./calls.ts";
import { storeJobEnd } from "./end.ts";
import { readJob } from "./read-job.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

/** A call of a job that its worker holds. */
async function heldCall(row: Partial<NewCall> = {}): Promise<NewCall> {
  const { id: jobId } = await startConversation(db.pool);
  await claim(db.pool, jobId);
  return newCall({ jobId, ...row });
}

/** Call of an assistant of its own, so that its budget is its own, too. */
function newCall(row: Partial<NewCall> = {}): NewCall {
  const id = v7();
  return {
    id,
    jobId: v7(),
    attempt: 1,
    siteId: defaultSite,
    assistantType: id,
    provider: "openai",
    model: "test-model",
    inputTokens: 10,
    outputTokens: 20,
    ...row,
  };
}

const answered: CallEnd = {
  outcome: "answered",
  inputTokens: 12,
  cachedInputTokens: 4,
  cacheWriteTokens: 0,
  outputTokens: 30,
  estimated: false,
  costUsd: 0.25,
};

async function budgetOf({ assistantType }: NewCall): Promise<unknown> {
  const { rows } = await db.pool.query(
    "select settled_usd as settled, reserved_usd as reserved from budgets where assistant_type = $1",
    [assistantType],
  );
  return rows[0] as unknown;
}

async function readCall({ id }: NewCall): Promise<Record<string, unknown> | undefined> {
  const { rows } = await db.pool.query<Record<string, unknown>>("select * from calls where id = $1", [id]);
  return rows[0];
}

describe("call in the ledger", () => {
  it("charges no budget where there is none", async () => {
    const call = await heldCall();
    expect(await beginCall(db.pool, call)).toBe("begun");
    expect(await readCall(call)).toMatchObject({ settled_at: null, estimated: true, reserved_usd: 0 });
    await settleCall(db.pool, { id: call.id, end: answered });
    expect(await readCall(call)).toMatchObject({
      outcome: "answered",
      input_tokens: 12,
      cached_input_tokens: 4,
      output_tokens: 30,
      estimated: false,
      cost_usd: 0.25,
    });
    expect(await budgetOf(call)).toBeUndefined();
  });

  it("reserves its maximum cost and replaces it by the actual cost, once", async () => {
    const call = await heldCall({ reserve: { usd: 1, budgetUsd: 3 } });
    expect(await beginCall(db.pool, call)).toBe("begun");
    expect(await beginCall(db.pool, call)).toBe("begun");
    expect(await budgetOf(call)).toEqual({ settled: 0, reserved: 1 });
    await Promise.all([1, 2, 3].map(() => settleCall(db.pool, { id: call.id, end: answered })));
    expect(await budgetOf(call)).toEqual({ settled: 0.25, reserved: 0 });
  });

  it("is settled by the end of its job, once, even by a late end", async () => {
    const call = await heldCall({ reserve: { usd: 1, budgetUsd: 3 } });
    const late = await heldCall({ assistantType: call.assistantType, reserve: { usd: 1, budgetUsd: 3 } });
    await beginCall(db.pool, call);
    await beginCall(db.pool, late);
    const end = (of: NewCall) => ({ ...completed(), call: { id: of.id, end: answered } });
    const jobOf = async ({ jobId, attempt }: NewCall) => {
      const row = await readJob(db.pool, jobId);
      return { id: jobId, conversationId: row?.conversationId ?? "", attempt };
    };
    const first = end(call);
    expect(await storeJobEnd(db.pool, { job: await jobOf(call), end: first })).toBeDefined();
    expect(await storeJobEnd(db.pool, { job: await jobOf(call), end: first })).toBeUndefined();
    const missed = { ...(await jobOf(late)), attempt: late.attempt - 1 };
    expect(await storeJobEnd(db.pool, { job: missed, end: end(late) })).toBeUndefined();
    expect(await readCall(call)).toMatchObject({ outcome: "answered", output_tokens: 30, cost_usd: 0.25 });
    expect(await readCall(late)).toMatchObject({ outcome: "answered", output_tokens: 30, cost_usd: 0.25 });
    expect(await budgetOf(call)).toEqual({ settled: 0.5, reserved: 0 });
  });

  it("leaves nothing when withdrawn, unless settled", async () => {
    const call = await heldCall({ reserve: { usd: 1, budgetUsd: 3 } });
    await beginCall(db.pool, call);
    await Promise.all([1, 2].map(() => withdrawCall(db.pool, call.id)));
    expect(await readCall(call)).toBeUndefined();
    expect(await budgetOf(call)).toEqual({ settled: 0, reserved: 0 });
    const made = await heldCall();
    await beginCall(db.pool, made);
    await settleCall(db.pool, { id: made.id, end: answered });
    await withdrawCall(db.pool, made.id);
    expect(await readCall(made)).toMatchObject({ outcome: "answered" });
  });

  it("is rejected if the remaining budget is too small", async () => {
    const large = await heldCall({ reserve: { usd: 4, budgetUsd: 3 } });
    expect(await beginCall(db.pool, large)).toBe("refused");
    expect(await readCall(large)).toBeUndefined();
    const first = await heldCall({ reserve: { usd: 2, budgetUsd: 3 } });
    const second = await heldCall({ assistantType: first.assistantType, reserve: { usd: 2, budgetUsd: 3 } });
    expect(await beginCall(db.pool, first)).toBe("begun");
    expect(await beginCall(db.pool, second)).toBe("refused");
    await settleCall(db.pool, { id: first.id, end: answered });
    expect(await beginCall(db.pool, second)).toBe("begun");
  });

  it("never exceeds the budget, however many start at once", async () => {
    const assistantType = v7();
    const calls = await Promise.all(
      Array.from({ length: 30 }, () => heldCall({ assistantType, reserve: { usd: 1, budgetUsd: 10 } })),
    );
    const begun = await Promise.all(calls.map((call) => beginCall(db.pool, call)));
    expect(begun.filter((result) => result === "begun")).toHaveLength(10);
    expect(await budgetOf(newCall({ assistantType }))).toEqual({ settled: 0, reserved: 10 });
  });
});

describe("call for a job with an expired lease", () => {
  const leaseOf = async ({ jobId }: NewCall) => {
    const { rows } = await db.pool.query("select lease_until > now() as holds from jobs where id = $1", [jobId]);
    return rows[0] as unknown;
  };

  it("renews the lease, so the job is not claimed meanwhile", async () => {
    const call = await heldCall();
    await loseLease(db.pool, call.jobId);
    expect(await beginCall(db.pool, call)).toBe("begun");
    expect(await leaseOf(call)).toEqual({ holds: true });
  });

  it("is not made once another run has the job, and reserves nothing", async () => {
    const call = await heldCall({ reserve: { usd: 1, budgetUsd: 3 } });
    await loseLease(db.pool, call.jobId);
    await claim(db.pool, call.jobId);
    expect(await beginCall(db.pool, call)).toBe("lost");
    expect(await readCall(call)).toBeUndefined();
    expect(await budgetOf(call)).toBeUndefined();
  });

  it("is made by one of two concurrent runs", async () => {
    for (let round = 0; round < 20; round += 1) {
      const call = await heldCall();
      await loseLease(db.pool, call.jobId);
      const [result] = await Promise.all([beginCall(db.pool, call), claim(db.pool, call.jobId).catch(() => undefined)]);
      const { rows } = await db.pool.query<{ run: number }>("select run from jobs where id = $1", [call.jobId]);
      expect(result).toBe(rows[0]?.run === 1 ? "begun" : "lost");
    }
  });
});

describe("call of a crashed worker", () => {
  const age = (call: NewCall) =>
    db.pool.query("update calls set begun_at = now() - interval '1 min' where id = $1", [call.id]);

  it("is settled as lost, at its maximum cost, once its job has continued or ended", async () => {
    const [takenOver, ended, running] = [
      await startConversation(db.pool),
      await startConversation(db.pool),
      await startConversation(db.pool),
    ];
    const calls = [takenOver, ended, running].map(({ id }) => {
      return newCall({ jobId: id, reserve: { usd: 1, budgetUsd: 3 } });
    });
    for (const call of calls) {
      await claim(db.pool, call.jobId);
      await beginCall(db.pool, call);
      await age(call);
    }
    await loseLease(db.pool, takenOver.id);
    await claim(db.pool, takenOver.id);
    await storeJobEnd(db.pool, { job: { ...ended, attempt: 1 }, end: completed() });
    await settleLostCalls(db.pool);
    const outcomes = async () => Promise.all(calls.map(async (call) => (await readCall(call))?.["outcome"]));
    // Its own worker may still be about to settle it.
    expect(await outcomes()).toEqual(["lost", null, null]);
    await db.pool.query("update jobs set finished_at = now() - interval '1 min' where id = $1", [ended.id]);
    await settleLostCalls(db.pool);
    expect(await outcomes()).toEqual(["lost", "lost", null]);
    expect(await Promise.all(calls.map(budgetOf))).toEqual([
      { settled: 1, reserved: 0 },
      { settled: 1, reserved: 0 },
      { settled: 0, reserved: 1 },
    ]);
    expect((await Promise.all(calls.map(readCall)))[0]).toMatchObject({
      input_tokens: 10,
      output_tokens: 20,
      estimated: true,
      cost_usd: 1,
    });
  });

  it("has its cost in the ledger even without a budget, and none if its model has no price", async () => {
    const calls = [await heldCall({ reserve: { usd: 0.5 } }), await heldCall()];
    for (const call of calls) {
      await beginCall(db.pool, call);
      await age(call);
      await loseLease(db.pool, call.jobId);
      await claim(db.pool, call.jobId);
    }
    await settleLostCalls(db.pool);
    expect(await Promise.all(calls.map(readCall))).toMatchObject([
      { outcome: "lost", cost_usd: 0.5, budget_day: null },
      { outcome: "lost", cost_usd: null, budget_day: null },
    ]);
    expect(await Promise.all(calls.map(budgetOf))).toEqual([undefined, undefined]);
  });

  it("is settled once if its worker is alive after all, and by several reconcilers", async () => {
    const job = await startConversation(db.pool);
    await claim(db.pool, job.id);
    const call = newCall({ jobId: job.id, reserve: { usd: 1, budgetUsd: 3 } });
    await beginCall(db.pool, call);
    await age(call);
    await loseLease(db.pool, job.id);
    await claim(db.pool, job.id);
    await Promise.all([
      settleLostCalls(db.pool),
      settleCall(db.pool, { id: call.id, end: answered }),
      settleLostCalls(db.pool),
    ]);
    const settled = (await readCall(call))?.["outcome"] === "lost" ? 1 : 0.25;
    expect(await budgetOf(call)).toEqual({ settled, reserved: 0 });
  });
});
