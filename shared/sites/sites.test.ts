import { v7 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import { beginCall, type NewCall } from "../db/jobs/calls.ts";
import { cancelQueuedJob, storeJobEnd } from "../db/jobs/end.ts";
import { storeRetry } from "../db/jobs/retry.ts";
import { storeTombstone } from "../db/conversations/erasure.ts";
import { answer, claim, completed, followUp, startConversation } from "../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../testing/stores/database.ts";
import { defaultSite, keyOfSite } from "./default-site.ts";

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const sites = [defaultSite, "other"];

async function sitesOfEvents(conversationId: string): Promise<string[]> {
  const { rows } = await db.pool.query<{ kind: string; status: string | null; site: string }>(
    "select kind, status, site_id as site from events where conversation_id = $1 order by seq",
    [conversationId],
  );
  return rows.map(({ kind, status, site }) => `${site}: ${status ?? kind}`);
}

describe.each(sites)("a conversation of the site %s", (siteId) => {
  it("names it in each of its events, and to the worker that claims its jobs", async () => {
    const first = await startConversation(db.pool, { siteId });
    const { conversationId } = first;
    const claimed = await claim(db.pool, first.id);
    expect(claimed).toMatchObject({ siteId });
    const second = await followUp(db.pool, conversationId, { siteId });
    await storeJobEnd(db.pool, { job: claimed, end: { status: "failed", errorCode: "deadline" } });
    await cancelQueuedJob(db.pool, second);
    expect(await storeRetry(db.pool, first.id)).toMatchObject({ retried: true });
    await answer(db.pool, first.id);
    const kinds = ["message", "queued", "message", "queued", "failed", "cancelled", "queued", "message", "completed"];
    expect(await sitesOfEvents(conversationId)).toEqual(kinds.map((kind) => `${siteId}: ${kind}`));
    await storeTombstone(db.pool, conversationId);
    expect(await sitesOfEvents(conversationId)).toEqual([`${siteId}: deleted`]);
  });

  it("charges the site's budget", async () => {
    const { id: jobId } = await startConversation(db.pool, { siteId });
    const job = await claim(db.pool, jobId);
    const call: NewCall = {
      id: v7(),
      jobId,
      attempt: job.attempt,
      siteId,
      assistantType: `assistant of ${siteId}`,
      provider: "openai",
      model: "a-model",
      inputTokens: 10,
      outputTokens: 20,
      reserve: { usd: 1, budgetUsd: 3 },
    };
    expect(await beginCall(db.pool, call)).toBe("begun");
    const budgets = () =>
      db.pool.query("select site_id, settled_usd, reserved_usd from budgets where assistant_type = $1", [
        call.assistantType,
      ]);
    expect((await budgets()).rows).toEqual([{ site_id: siteId, settled_usd: 0, reserved_usd: 1 }]);
    const tokens = { inputTokens: 1, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 1 };
    const settled = { outcome: "answered" as const, ...tokens, estimated: false, costUsd: 0.5 };
    await storeJobEnd(db.pool, {
      job,
      end: { ...completed(), call: { id: call.id, end: settled } },
    });
    expect((await budgets()).rows).toEqual([{ site_id: siteId, settled_usd: 0.5, reserved_usd: 0 }]);
  });
});

describe("keys of sites", () => {
  it("are those of earlier versions in the first site, and apart in others", () => {
    expect(keyOfSite(defaultSite, "first:a")).toBe("first:a");
    expect(keyOfSite("other", "first:a")).not.toBe(keyOfSite("another", "first:a"));
  });
});
