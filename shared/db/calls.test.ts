import { v7 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import { claim, completed, loseLease, startConversation } from "../testing/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../testing/database.ts";
import { beginCall, type CallEnd, type NewCall, settleCall, settleLostCalls } from "./calls.ts";
import { claimJob } from "./claim.ts";
import { endJob } from "./end.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

function newCall(call: Partial<NewCall> = {}): NewCall {
  return {
    id: v7(),
    jobId: v7(),
    attempt: 1,
    assistantType: v7(),
    provider: "compatible",
    model: "a-model",
    inputTokens: 100,
    ...call,
  };
}

const answered: CallEnd = {
  outcome: "answered",
  inputTokens: 90,
  cachedInputTokens: 10,
  cacheWriteTokens: 0,
  outputTokens: 20,
  estimated: false,
  costUsd: 0.4,
};

async function budgetOf(assistantType: string) {
  const { rows } = await db.pool.query<{ settled: number; reserved: number }>(
    "select settled_usd as settled, reserved_usd as reserved from budgets where assistant_type = $1",
    [assistantType],
  );
  return rows;
}

async function outcomeOf(id: string) {
  const { rows } = await db.pool.query<{ outcome: string | null }>("select outcome from calls where id = $1", [id]);
  return rows[0]?.outcome;
}

describe("a call", () => {
  it("without a budget is only written down", async () => {
    const call = newCall();
    expect(await beginCall(db.pool, call)).toBe(true);
    expect(await budgetOf(call.assistantType)).toEqual([]);
    expect(await outcomeOf(call.id)).toBeNull();
  });

  it("may be begun twice, and reserves once", async () => {
    const call = newCall({ reserve: { usd: 1, budgetUsd: 10 } });
    expect(await beginCall(db.pool, call)).toBe(true);
    expect(await beginCall(db.pool, call)).toBe(true);
    expect(await budgetOf(call.assistantType)).toEqual([{ settled: 0, reserved: 1 }]);
  });

  it("turns what it reserved into what it cost, once", async () => {
    const call = newCall({ reserve: { usd: 1, budgetUsd: 10 } });
    await beginCall(db.pool, call);
    await Promise.all(Array.from({ length: 5 }, () => settleCall(db.pool, call.id, answered)));
    expect(await budgetOf(call.assistantType)).toEqual([{ settled: 0.4, reserved: 0 }]);
    expect(await outcomeOf(call.id)).toBe("answered");
  });
});

describe("a budget", () => {
  it("is never exceeded by a hundred calls at once", async () => {
    const assistantType = v7();
    const begun = await Promise.all(
      Array.from({ length: 100 }, () =>
        beginCall(db.pool, newCall({ assistantType, reserve: { usd: 0.25, budgetUsd: 5 } })),
      ),
    );
    expect(begun.filter(Boolean)).toHaveLength(20);
    expect(await budgetOf(assistantType)).toEqual([{ settled: 0, reserved: 5 }]);
  });

  it("refuses a first call that would take more than all of it", async () => {
    const call = newCall({ reserve: { usd: 6, budgetUsd: 5 } });
    expect(await beginCall(db.pool, call)).toBe(false);
    expect(await outcomeOf(call.id)).toBeUndefined();
  });

  it("has room again when a call has cost less than it reserved", async () => {
    const first = newCall({ reserve: { usd: 5, budgetUsd: 5 } });
    await beginCall(db.pool, first);
    const second = newCall({ assistantType: first.assistantType, reserve: { usd: 4, budgetUsd: 5 } });
    expect(await beginCall(db.pool, second)).toBe(false);
    await settleCall(db.pool, first.id, answered);
    expect(await beginCall(db.pool, second)).toBe(true);
  });
});

describe("the calls of dead workers", () => {
  it("are settled as lost once another run has the job, and give back what they reserved", async () => {
    const job = await startConversation(db.pool);
    await claim(db.pool, job.id);
    const call = newCall({ jobId: job.id, reserve: { usd: 1, budgetUsd: 10 } });
    await beginCall(db.pool, call);
    await db.pool.query("update calls set begun_at = now() - interval '1 min' where id = $1", [call.id]);
    await settleLostCalls(db.pool);
    expect(await outcomeOf(call.id)).toBeNull();

    await loseLease(db.pool, job.id);
    await claimJob(db.pool, job.id, true);
    await Promise.all([settleLostCalls(db.pool), settleLostCalls(db.pool)]);
    expect(await outcomeOf(call.id)).toBe("lost");
    expect(await budgetOf(call.assistantType)).toEqual([{ settled: 0, reserved: 0 }]);
  });

  it("are left to a living worker for a moment after the job has ended", async () => {
    const job = await startConversation(db.pool);
    const claimed = await claim(db.pool, job.id);
    const call = newCall({ jobId: job.id });
    await beginCall(db.pool, call);
    await db.pool.query("update calls set begun_at = now() - interval '1 min' where id = $1", [call.id]);
    await endJob(db.pool, claimed, completed("a reply"));
    await settleLostCalls(db.pool);
    expect(await outcomeOf(call.id)).toBeNull();
    await settleCall(db.pool, call.id, answered);
    expect(await outcomeOf(call.id)).toBe("answered");
  });
});
