import { createHash } from "node:crypto";
import fc from "fast-check";
import { v4, v7 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import {
  answer,
  followingMessage,
  followUp,
  importedMessage,
  newConversation,
  openJobs,
  queueBehindRow,
  readColumns,
  startConversation,
  readConversationColumns,
} from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { defaultSite } from "../../sites/default-site.ts";
import { countBacklog } from "../operators/backlog.ts";
import { readConversation, readMessages } from "../conversations/conversations.ts";
import { storeTombstone } from "../conversations/erasure.ts";
import { isIdempotencyClash } from "./submit-outcome.ts";
import { appendMessage, insertConversation } from "./submit.ts";
import { findByIdempotencyHash, forgetIdempotencyKey } from "./submissions.ts";
import { readConversationState } from "./submit-outcome.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const hash = (key: string = v4()) => createHash("sha256").update(key).digest();
const stateOf = (conversationId: string, windowMs = 1000) =>
  readConversationState(db.pool, { conversationId, siteId: defaultSite, pace: { windowMs } });

describe("first message of a conversation", () => {
  it("creates the conversation, the message and its job, which is the head", async () => {
    const row = newConversation({ text: "Hello", provider: "preset", metadata: { page: "/prices" } });
    await insertConversation(db.pool, row);
    expect(await readConversation(db.pool, row.conversationId)).toMatchObject({
      assistantType: "default",
      provider: "preset",
      metadata: { page: "/prices" },
      openJobs: [row.jobId],
      messageCount: 1,
    });
    expect(await readConversationColumns(db.pool, row.conversationId)).toMatchObject({
      next_turn: 2,
      deleted_at: null,
    });
    expect(await readColumns(db.pool, row.jobId)).toMatchObject({
      conversation_id: row.conversationId,
      message_id: row.messageId,
      turn: 1,
      status: "queued",
      run: 0,
      attempt: 0,
      lease_until: null,
      assistant_type: "default",
      provider_override: "preset",
      request_id: "request-1",
    });
    const page = await readMessages(db, row.conversationId, { limit: 10 });
    expect(page?.messages).toMatchObject([{ id: row.messageId, sender: "user", text: "Hello", imported: false }]);
  });

  it("follows imported turns", async () => {
    const history = [importedMessage(1, "user"), importedMessage(1, "ai"), importedMessage(2, "ai")];
    const job = await startConversation(db.pool, { history, turn: 3, text: "now" });
    const page = await readMessages(db, job.conversationId, { limit: 10 });
    expect(page?.messages.map(({ text, imported }) => [text, imported])).toEqual([
      ["user 1", true],
      ["ai 1", true],
      ["ai 2", true],
      ["now", false],
    ]);
    expect(await readConversationColumns(db.pool, job.conversationId)).toMatchObject({
      message_count: 4,
      next_turn: 4,
    });
  });

  it("keeps the times of imported turns, to the millisecond", async () => {
    // Microseconds pass what a double holds exactly in 2255: from then on times may be one millisecond off.
    const timestamps = fc.array(fc.integer({ min: 0, max: Date.UTC(2200) }), { minLength: 1, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(timestamps, async (times) => {
        const history = times.map((timestamp, index) => importedMessage(index + 1, "user", { timestamp }));
        const job = await startConversation(db.pool, { history, turn: history.length + 1 });
        const page = await readMessages(db, job.conversationId, { limit: 100 });
        expect(page?.messages.slice(0, -1).map(({ createdAt }) => new Date(createdAt).getTime())).toEqual(times);
      }),
      { numRuns: 20, examples: [[[0, 1, 999, 1_700_000_000_123, 8_640_000_000_000_000]]] },
    );
  });

  it("stores every valid text and metadata unchanged", async () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((value) => !value.includes("\0"));
    const metadata = fc.dictionary(text, text, { maxKeys: 3 });
    await fc.assert(
      fc.asyncProperty(text, text, metadata, async (own, imported, extra) => {
        const history = [importedMessage(1, "user", { text: imported })];
        const job = await startConversation(db.pool, { text: own, history, turn: 2, metadata: extra });
        const page = await readMessages(db, job.conversationId, { limit: 10 });
        expect(page?.messages.map((message) => message.text)).toEqual([imported, own]);
        const conversation = await readConversation(db.pool, job.conversationId);
        expect(new Map(Object.entries(conversation?.metadata ?? {}))).toEqual(new Map(Object.entries(extra)));
      }),
      { numRuns: 50 },
    );
  });

  it("is rejected under a used key and writes nothing", async () => {
    const idempotencyHash = hash();
    await startConversation(db.pool, { idempotencyHash, requestHash: hash() });
    const again = newConversation({ idempotencyHash, requestHash: hash() });
    expect(await insertConversation(db.pool, again)).toBeUndefined();
    expect(await readConversation(db.pool, again.conversationId)).toBeUndefined();
    expect(await readMessages(db, again.conversationId, { limit: 10 })).toEqual({ messages: [], more: false });
  });

  it("is accepted once when the same key arrives ten times at once", async () => {
    const idempotencyHash = hash();
    const tries = await Promise.all(
      Array.from({ length: 10 }, () => insertConversation(db.pool, newConversation({ idempotencyHash }))),
    );
    expect(tries.filter(Boolean)).toHaveLength(1);
  });

  it("fails for reasons other than its key, too", async () => {
    const row = newConversation();
    await insertConversation(db.pool, row);
    const error: unknown = await insertConversation(db.pool, row).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "23505" });
    expect(isIdempotencyClash(error)).toBe(false);
  });
});

describe("later message", () => {
  it("waits behind the head, or is the head if nothing is unanswered", async () => {
    const first = await startConversation(db.pool);
    const second = await followUp(db.pool, first.conversationId);
    expect(second.head).toBe(false);
    expect(await openJobs(db.pool, first.conversationId)).toEqual([first.id, second.id]);
    await answer(db.pool, first.id);
    await answer(db.pool, second.id);
    expect(await followUp(db.pool, first.conversationId)).toMatchObject({ head: true });
  });

  it("changes assistant, provider and metadata from there on and keeps omitted ones", async () => {
    const first = await startConversation(db.pool, { provider: "compatible", metadata: { page: "/a", locale: "de" } });
    const second = await followUp(db.pool, first.conversationId, {
      assistantType: "sales",
      metadata: { page: "/b" },
    });
    const third = await followUp(db.pool, first.conversationId, { provider: "preset" });
    expect(await readConversation(db.pool, first.conversationId)).toMatchObject({
      assistantType: "sales",
      provider: "preset",
      messageCount: 3,
    });
    expect((await readConversation(db.pool, first.conversationId))?.metadata).toEqual({ page: "/b" });
    const columns = await Promise.all([first, second, third].map(({ id }) => readColumns(db.pool, id)));
    expect(columns.map((row) => [row["assistant_type"], row["provider_override"], row["turn"]])).toEqual([
      ["default", "compatible", 1],
      ["sales", "compatible", 2],
      ["sales", "preset", 3],
    ]);
  });

  it("writes nothing if too many are unanswered", async () => {
    const first = await startConversation(db.pool);
    await followUp(db.pool, first.conversationId, { maxUnanswered: 2 });
    const refused = followingMessage(first.conversationId, { maxUnanswered: 2, metadata: { page: "/late" } });
    expect(await appendMessage(db.pool, refused)).toBeUndefined();
    expect(await stateOf(first.conversationId)).toMatchObject({
      deleted: false,
      unanswered: 2,
    });
    expect(await readConversation(db.pool, first.conversationId)).toMatchObject({ messageCount: 2, metadata: {} });
    expect(await readColumns(db.pool, refused.jobId)).toEqual({});
  });

  it("is rejected for that without waiting for the row", async () => {
    const first = await startConversation(db.pool);
    const refused: unknown[] = [];
    await queueBehindRow(db.pool, first.conversationId, [], async () => {
      refused.push(await appendMessage(db.pool, followingMessage(first.conversationId, { maxUnanswered: 1 })));
    });
    expect(refused).toEqual([undefined]);
  });

  it("writes nothing above the message quota until its window ends", async () => {
    const pace = { maxMessages: 3, windowMs: 60_000 };
    const { conversationId } = await startConversation(db.pool);
    const state = () => stateOf(conversationId, pace.windowMs);
    expect(await state()).toMatchObject({ windowMessages: 1 });
    const results = await Promise.all(
      Array.from({ length: 4 }, () => appendMessage(db.pool, followingMessage(conversationId, { pace }))),
    );
    expect(results.filter(Boolean)).toHaveLength(2);
    const { windowMessages, windowLeftMs = 0 } = (await state()) ?? {};
    expect(windowMessages).toBe(3);
    expect(windowLeftMs).toBeGreaterThan(30_000);
    expect(windowLeftMs).toBeLessThanOrEqual(60_000);

    await db.pool.query("update conversations set window_began_at = now() - interval '1 min' where id = $1", [
      conversationId,
    ]);
    expect(await state()).toMatchObject({ windowMessages: 0, windowLeftMs: 0 });
    expect(await appendMessage(db.pool, followingMessage(conversationId, { pace }))).toBeDefined();
    expect(await state()).toMatchObject({ windowMessages: 1 });
  });

  it("writes nothing for another visitor than the conversation's own", async () => {
    const [visitorHash, another] = [hash(), hash()];
    const { conversationId } = await startConversation(db.pool, { visitorHash });
    expect(await appendMessage(db.pool, followingMessage(conversationId, { visitorHash: another }))).toBeUndefined();
    expect(await stateOf(conversationId)).toMatchObject({ visitorHash, unanswered: 1 });
    for (const own of [visitorHash, null]) {
      expect(await appendMessage(db.pool, followingMessage(conversationId, { visitorHash: own }))).toBeDefined();
    }
  });

  it("writes nothing for a deleted or unknown conversation", async () => {
    const first = await startConversation(db.pool);
    await storeTombstone(db.pool, first.conversationId);
    expect(await appendMessage(db.pool, followingMessage(first.conversationId))).toBeUndefined();
    expect(await stateOf(first.conversationId)).toMatchObject({ deleted: true });
    const unknown = v4();
    expect(await appendMessage(db.pool, followingMessage(unknown))).toBeUndefined();
    expect(await stateOf(unknown)).toBeUndefined();
  });

  it("writes nothing under a used key", async () => {
    const idempotencyHash = hash();
    const first = await startConversation(db.pool);
    const second = await followUp(db.pool, first.conversationId, { idempotencyHash });
    expect(await appendMessage(db.pool, followingMessage(first.conversationId, { idempotencyHash }))).toBeUndefined();
    expect(await openJobs(db.pool, first.conversationId)).toEqual([first.id, second.id]);
  });

  it("is written once when the same key arrives twice behind a locked row", async () => {
    const idempotencyHash = hash();
    const first = await startConversation(db.pool);
    const rows = [0, 1].map(() => followingMessage(first.conversationId, { idempotencyHash }));
    const [one, two] = await queueBehindRow(
      db.pool,
      first.conversationId,
      rows.map((row) => () => appendMessage(db.pool, row)),
    );
    expect(one).toEqual({
      status: "fulfilled",
      value: { head: false, eventSeq: 4, handledBy: "ai", operator: null, handoffDue: false },
    });
    expect(two?.status === "rejected" && isIdempotencyClash(two.reason)).toBe(true);
    expect(await openJobs(db.pool, first.conversationId)).toEqual([first.id, rows[0]?.jobId]);
    expect(await readConversationColumns(db.pool, first.conversationId)).toMatchObject({
      message_count: 2,
      next_turn: 3,
    });
  });
});

describe("a hundred concurrent messages to one conversation", () => {
  it("are all accepted in one order, with one head and unique turns", async () => {
    const first = await startConversation(db.pool);
    await answer(db.pool, first.id);
    const rows = Array.from({ length: 100 }, () => followingMessage(first.conversationId, { maxUnanswered: 1000 }));
    const accepted = await Promise.all(rows.map((row) => appendMessage(db.pool, row)));
    const heads = rows.filter((_, index) => accepted[index]?.head);
    expect(heads).toHaveLength(1);
    const order = await openJobs(db.pool, first.conversationId);
    expect(order).toHaveLength(100);
    expect(order[0]).toBe(heads[0]?.jobId);
    const { rows: byTurn } = await db.pool.query<{ id: string; turn: number }>(
      "select id, turn from jobs where conversation_id = $1 and status = 'queued' order by turn",
      [first.conversationId],
    );
    expect(byTurn.map(({ id }) => id)).toEqual(order);
    expect(byTurn.map(({ turn }) => turn)).toEqual(Array.from({ length: 100 }, (_, index) => index + 2));
    expect(await readConversationColumns(db.pool, first.conversationId)).toMatchObject({
      message_count: 102,
      next_turn: 102,
    });
  });

  it("are accepted up to the exact limit", async () => {
    const first = await startConversation(db.pool);
    const accepted = await Promise.all(
      Array.from({ length: 100 }, () => appendMessage(db.pool, followingMessage(first.conversationId))),
    );
    expect(accepted.filter(Boolean)).toHaveLength(4);
    expect(await openJobs(db.pool, first.conversationId)).toHaveLength(5);
    expect(await readConversationColumns(db.pool, first.conversationId)).toMatchObject({
      message_count: 5,
      next_turn: 6,
    });
  });
});

describe("idempotency key", () => {
  it("finds its submission again, with the current status", async () => {
    const [idempotencyHash, requestHash] = [hash(), hash()];
    const job = await startConversation(db.pool, { idempotencyHash, requestHash });
    const found = { jobId: job.id, conversationId: job.conversationId, messageId: job.messageId, requestHash };
    expect(await findByIdempotencyHash(db.pool, idempotencyHash)).toEqual({
      ...found,
      status: "queued",
      deleted: false,
      eventSeq: 2,
      stale: false,
      handledBy: "ai",
      operator: null,
    });
    await answer(db.pool, job.id);
    expect(await findByIdempotencyHash(db.pool, idempotencyHash)).toMatchObject({ status: "completed" });
    await storeTombstone(db.pool, job.conversationId);
    expect(await findByIdempotencyHash(db.pool, idempotencyHash)).toMatchObject({ deleted: true });
    expect(await findByIdempotencyHash(db.pool, hash())).toBeUndefined();
  });

  it("expires after a day and is reusable once removed", async () => {
    const idempotencyHash = hash();
    const job = await startConversation(db.pool, { idempotencyHash });
    const age = (interval: string) =>
      db.pool.query("update jobs set created_at = now() - $2::interval where id = $1", [job.id, interval]);
    await age("23 h 59 min");
    expect(await findByIdempotencyHash(db.pool, idempotencyHash)).toMatchObject({ stale: false });
    await age("24 h 1 min");
    expect(await findByIdempotencyHash(db.pool, idempotencyHash)).toMatchObject({ stale: true });
    await forgetIdempotencyKey(db.pool, job.id);
    expect(await findByIdempotencyHash(db.pool, idempotencyHash)).toBeUndefined();
    await startConversation(db.pool, { idempotencyHash });
  });
});

describe("backlog", () => {
  it("counts queued jobs up to the given maximum", async () => {
    await using own = await openTestDatabase();
    const jobs = await Promise.all(Array.from({ length: 4 }, () => startConversation(own.pool)));
    await answer(own.pool, jobs[0]?.id ?? v7());
    expect(await countBacklog(own.pool, 100)).toBe(3);
    expect(await countBacklog(own.pool, 2)).toBe(2);
    expect(await countBacklog(own.pool, 3)).toBe(3);
  });
});
