import { randomBytes } from "node:crypto";
import { v4 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answer, followUp, startConversation } from "../../testing/fixtures/conversations.ts";
import { type OpenTestDatabase, openTestDatabase } from "../../testing/stores/database.ts";
import { readOwner } from "./conversations.ts";
import { storeTombstone } from "./erasure.ts";
import { listVisitorConversations, replaceFormerHash } from "./visitors.ts";

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

const newVisitor = () => randomBytes(32);
/** Hashes of a visitor who is stored under the first of these, if at all. */
const hashesOf = (hash: Buffer, formerHash = newVisitor()) => ({ hash, formerHash });

describe("conversations of a visitor", () => {
  it("are theirs alone, latest first, each with the beginning of its newest message", async () => {
    const visitorHash = newVisitor();
    await startConversation(db.pool, { visitorHash: newVisitor(), text: "another's" });
    await startConversation(db.pool, { text: "nobody's" });
    const first = await startConversation(db.pool, { visitorHash, text: "first" });
    const second = await startConversation(db.pool, { visitorHash, text: "é".repeat(500) });
    await answer(db.pool, first.id, "an answer");
    const { conversations, more } = await listVisitorConversations(db.pool, hashesOf(visitorHash), { limit: 10 });
    expect(more).toBe(false);
    expect(conversations).toMatchObject([
      { id: first.conversationId, assistantType: "default", messageCount: 2, preview: "an answer" },
      { id: second.conversationId, messageCount: 1, preview: "é".repeat(160) },
    ]);
    for (const { createdAt, updatedAt } of conversations) {
      expect(Math.abs(Date.now() - createdAt)).toBeLessThan(60_000);
      expect(updatedAt).toBeGreaterThanOrEqual(createdAt);
    }
  });

  it("are paged without repeats, even with equal timestamps", async () => {
    const visitorHash = newVisitor();
    const ids: string[] = [];
    for (let count = 0; count < 7; count += 1) {
      ids.push((await startConversation(db.pool, { visitorHash })).conversationId);
    }
    await db.pool.query("update conversations set updated_at = now() where id = any($1)", [ids.slice(2, 6)]);
    const seen: string[] = [];
    for (let before: string | undefined; ;) {
      const page = await listVisitorConversations(db.pool, hashesOf(visitorHash), { limit: 2, before });
      seen.push(...page.conversations.map(({ id }) => id));
      if (!page.more) break;
      before = seen.at(-1);
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen)).toEqual(new Set(ids));
  });

  it("are not found from another visitor's conversation", async () => {
    const [visitorHash, another] = [newVisitor(), newVisitor()];
    await startConversation(db.pool, { visitorHash });
    const { conversationId } = await startConversation(db.pool, { visitorHash: another });
    for (const before of [conversationId, v4()]) {
      expect(await listVisitorConversations(db.pool, hashesOf(visitorHash), { limit: 5, before })).toEqual({
        conversations: [],
        more: false,
        stale: false,
      });
    }
  });

  it("are found under hashes of earlier versions, too, in one order, and get the current hash", async () => {
    const [hash, formerHash] = [newVisitor(), newVisitor()];
    const ids: string[] = [];
    for (let count = 0; count < 6; count += 1) {
      const visitorHash = count % 2 === 0 ? hash : formerHash;
      ids.unshift((await startConversation(db.pool, { visitorHash })).conversationId);
    }
    const pages = async () => {
      const first = await listVisitorConversations(db.pool, { hash, formerHash }, { limit: 3 });
      const before = first.conversations.at(-1)?.id;
      const second = await listVisitorConversations(db.pool, { hash, formerHash }, { limit: 3, before });
      return { ids: [...first.conversations, ...second.conversations].map(({ id }) => id), stale: first.stale };
    };
    expect(await pages()).toEqual({ ids, stale: true });
    await replaceFormerHash(db.pool, { hash, formerHash });
    expect(await pages()).toEqual({ ids, stale: false });
    for (const id of ids) expect(await readOwner(db.pool, id)).toMatchObject({ visitorHash: hash });
  });

  it("skip a locked conversation without waiting", async () => {
    const [hash, formerHash] = [newVisitor(), newVisitor()];
    const held = await startConversation(db.pool, { visitorHash: formerHash });
    const free = await startConversation(db.pool, { visitorHash: formerHash });
    const holder = await db.pool.connect();
    try {
      await holder.query("begin");
      await holder.query("select from conversations where id = $1 for update", [held.conversationId]);
      await replaceFormerHash(db.pool, { hash, formerHash });
      expect(await readOwner(db.pool, free.conversationId)).toMatchObject({ visitorHash: hash });
      expect(await readOwner(db.pool, held.conversationId)).toMatchObject({ visitorHash: formerHash });
    } finally {
      await holder.query("rollback");
      holder.release();
    }
  });

  it("are found by index", async () => {
    await db.pool.query(
      "insert into conversations (id, assistant_type, next_turn) select gen_random_uuid(), 'x', 1 from generate_series(1, 5000)",
    );
    await db.pool.query("analyze conversations");
    const { rows } = await db.pool.query<{ "QUERY PLAN": string }>(
      "explain select id from conversations where visitor_hash = '\\x00' order by updated_at desc, id desc limit 20",
    );
    expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("conversations_visitor");
  });

  it("name nobody once deleted", async () => {
    const visitorHash = newVisitor();
    const { conversationId } = await startConversation(db.pool, { visitorHash });
    expect(await readOwner(db.pool, conversationId)).toMatchObject({ deleted: false, visitorHash });
    await storeTombstone(db.pool, conversationId);
    expect(await readOwner(db.pool, conversationId)).toMatchObject({ deleted: true, visitorHash: null });
    expect((await listVisitorConversations(db.pool, hashesOf(visitorHash), { limit: 5 })).conversations).toEqual([]);
  });
});

describe("conversation of a verified visitor", () => {
  it("accepts a message under the former hash and then has the current one", async () => {
    const [visitorHash, formerVisitorHash] = [newVisitor(), newVisitor()];
    const { conversationId } = await startConversation(db.pool, { visitorHash: formerVisitorHash });
    await expect(followUp(db.pool, conversationId, { visitorHash: newVisitor() })).rejects.toThrow("not accepted");
    await followUp(db.pool, conversationId, { visitorHash, formerVisitorHash });
    expect(await readOwner(db.pool, conversationId)).toMatchObject({ visitorHash });
  });

  it("rejects a message of a request that only knows its id", async () => {
    const visitorHash = newVisitor();
    const { conversationId } = await startConversation(db.pool, { visitorHash });
    await expect(followUp(db.pool, conversationId, { idAlone: true })).rejects.toThrow("not accepted");
    await followUp(db.pool, conversationId, { idAlone: false });
    const anonymous = await startConversation(db.pool);
    await followUp(db.pool, anonymous.conversationId, { idAlone: true });
  });
});

describe("anonymous conversation", () => {
  it("becomes a visitor's with the message that identifies them, and stays theirs", async () => {
    const visitorHash = newVisitor();
    const { conversationId } = await startConversation(db.pool);
    await followUp(db.pool, conversationId, { visitorHash });
    await followUp(db.pool, conversationId);
    expect(await readOwner(db.pool, conversationId)).toMatchObject({ deleted: false, visitorHash });
  });
});
