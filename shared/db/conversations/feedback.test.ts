import { defaultSite } from "../../sites/default-site.ts";
import { v4 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import {
  claim,
  completed,
  followUp,
  importedMessage,
  queueBehindRow,
  startConversation,
  type TestJob,
} from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { readMessages } from "./conversations.ts";
import { storeJobEnd } from "../jobs/end.ts";
import { storeTombstone } from "./erasure.ts";
import { countFeedback, rateMessage, readMessageOwner, unrateMessage } from "./feedback.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const longAgo = new Date(0);

async function answered(job: TestJob, provider = "preset", pool = db.pool): Promise<string> {
  const end = { ...completed(), provider };
  await storeJobEnd(pool, { job: await claim(pool, job.id), end });
  return end.reply?.id ?? "";
}

async function ratings(conversationId: string) {
  const page = await readMessages(db, conversationId, { limit: 10 });
  return page?.messages.map(({ rating }) => rating);
}

async function stored(messageId: string): Promise<unknown> {
  const { rows } = await db.pool.query<Record<string, unknown>>("select * from feedback where message_id = $1", [
    messageId,
  ]);
  return rows[0];
}

describe("feedback", () => {
  it("is stored with the reply and its author, replaced by later feedback, and can be withdrawn", async () => {
    const job = await startConversation(db.pool);
    const reply = await answered(job, "openai");
    expect(await ratings(job.conversationId)).toEqual([null, null]);
    expect(await rateMessage(db.pool, job.conversationId, reply, { rating: "up", comment: "Thanks" })).toBe(true);
    expect(await ratings(job.conversationId)).toEqual([null, "up"]);
    expect(await stored(reply)).toMatchObject({
      rating: "up",
      comment: "Thanks",
      assistant_type: "default",
      provider: "openai",
      model: "test-model",
    });
    expect(await rateMessage(db.pool, job.conversationId, reply, { rating: "down" })).toBe(true);
    expect(await stored(reply)).toMatchObject({ rating: "down", comment: null });
    for (let time = 0; time < 2; time += 1) await unrateMessage(db.pool, job.conversationId, reply);
    expect(await ratings(job.conversationId)).toEqual([null, null]);
  });

  it("is accepted only for replies of this service within their own conversation", async () => {
    const history = [importedMessage(1, "user"), importedMessage(1, "ai")];
    const job = await startConversation(db.pool, { history, turn: 2 });
    const other = await startConversation(db.pool);
    const reply = await answered(job);
    const imported = history[1]?.id ?? "";
    const owned = { conversationId: job.conversationId, visitorHash: null };
    expect(await readMessageOwner(db.pool, { messageId: reply, siteId: defaultSite })).toEqual({
      ...owned,
      id: reply,
      sender: "ai",
      imported: false,
    });
    expect(await readMessageOwner(db.pool, { messageId: imported, siteId: defaultSite })).toEqual({
      ...owned,
      id: imported,
      sender: "ai",
      imported: true,
    });
    expect(await readMessageOwner(db.pool, { messageId: job.messageId, siteId: defaultSite })).toMatchObject({
      ...owned,
      sender: "user",
    });
    expect(await readMessageOwner(db.pool, { messageId: v4(), siteId: defaultSite })).toBeUndefined();
    for (const [conversationId, messageId] of [
      [job.conversationId, job.messageId],
      [job.conversationId, imported],
      [other.conversationId, reply],
      [job.conversationId, v4()],
    ] as const) {
      expect(await rateMessage(db.pool, conversationId, messageId, { rating: "up" })).toBe(false);
    }
    await rateMessage(db.pool, job.conversationId, reply, { rating: "up" });
    await unrateMessage(db.pool, other.conversationId, reply);
    expect(await stored(reply)).toMatchObject({ rating: "up" });
  });

  it("is deleted with its conversation, even if given during the deletion", async () => {
    const job = await startConversation(db.pool);
    const reply = await answered(job);
    await rateMessage(db.pool, job.conversationId, reply, { rating: "down", comment: "No" });
    const rate = () => rateMessage(db.pool, job.conversationId, reply, { rating: "up", comment: "Late" });
    const [early, deleted] = await queueBehindRow<unknown>(db.pool, job.conversationId, [
      rate,
      () => storeTombstone(db.pool, job.conversationId),
    ]);
    expect(early).toEqual({ status: "fulfilled", value: true });
    expect(deleted).toMatchObject({ status: "fulfilled" });
    expect(await stored(reply)).toBeUndefined();
  });

  it("is refused if its conversation is deleted while it waits", async () => {
    const job = await startConversation(db.pool);
    const reply = await answered(job);
    const [, late] = await queueBehindRow<unknown>(db.pool, job.conversationId, [
      () => storeTombstone(db.pool, job.conversationId),
      () => rateMessage(db.pool, job.conversationId, reply, { rating: "up", comment: "Late" }),
    ]);
    expect(late).toEqual({ status: "fulfilled", value: false });
    expect(await stored(reply)).toBeUndefined();
  });

  it("is counted by assistant and provider", async () => {
    await using own = await openTestDatabase();
    const first = await startConversation(own.pool);
    const said = [
      ["preset", "up", undefined],
      ["openai", "up", "Good"],
      ["openai", "down", undefined],
      ["openai", "up", undefined],
    ] as const;
    for (const [index, [provider, rating, comment]] of said.entries()) {
      const job = index === 0 ? first : await followUp(own.pool, first.conversationId);
      await rateMessage(own.pool, first.conversationId, await answered(job, provider, own.pool), { rating, comment });
    }
    expect(await countFeedback(own.pool, longAgo)).toEqual([
      { assistantType: "default", provider: "openai", up: 2, down: 1, comments: 1 },
      { assistantType: "default", provider: "preset", up: 1, down: 0, comments: 0 },
    ]);
    expect(await countFeedback(own.pool, new Date(Date.now() + 60_000))).toEqual([]);
  });
});
