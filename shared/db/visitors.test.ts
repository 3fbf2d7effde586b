import { randomBytes } from "node:crypto";
import { v4 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answer, followUp, startConversation } from "../testing/conversations.ts";
import { type OpenTestDatabase, openTestDatabase } from "../testing/database.ts";
import { readOwner } from "./conversations.ts";
import { deleteConversation } from "./erasure.ts";
import { listVisitorConversations } from "./visitors.ts";

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

const newVisitor = () => randomBytes(32);

describe("a visitor's conversations", () => {
  it("are theirs alone, those with the latest news first, each with how its newest message begins", async () => {
    const visitorHash = newVisitor();
    await startConversation(db.pool, { visitorHash: newVisitor(), text: "another's" });
    await startConversation(db.pool, { text: "nobody's" });
    const first = await startConversation(db.pool, { visitorHash, text: "first" });
    const second = await startConversation(db.pool, { visitorHash, text: "é".repeat(500) });
    await answer(db.pool, first.id, "an answer");
    const { conversations, more } = await listVisitorConversations(db.pool, visitorHash, { limit: 10 });
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

  it("come page by page, each once, also those of the same moment", async () => {
    const visitorHash = newVisitor();
    const ids: string[] = [];
    for (let count = 0; count < 7; count += 1) {
      ids.push((await startConversation(db.pool, { visitorHash })).conversationId);
    }
    await db.pool.query("update conversations set updated_at = now() where id = any($1)", [ids.slice(2, 6)]);
    const seen: string[] = [];
    for (let before: string | undefined; ;) {
      const page = await listVisitorConversations(db.pool, visitorHash, { limit: 2, before });
      seen.push(...page.conversations.map(({ id }) => id));
      if (!page.more) break;
      before = seen.at(-1);
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen)).toEqual(new Set(ids));
  });

  it("are not found from a conversation that is not theirs", async () => {
    const [visitorHash, another] = [newVisitor(), newVisitor()];
    await startConversation(db.pool, { visitorHash });
    const { conversationId } = await startConversation(db.pool, { visitorHash: another });
    for (const before of [conversationId, v4()]) {
      expect(await listVisitorConversations(db.pool, visitorHash, { limit: 5, before })).toEqual({
        conversations: [],
        more: false,
      });
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

  it("no longer name anybody once they are deleted", async () => {
    const visitorHash = newVisitor();
    const { conversationId } = await startConversation(db.pool, { visitorHash });
    expect(await readOwner(db.pool, conversationId)).toMatchObject({ deleted: false, visitorHash });
    await deleteConversation(db.pool, conversationId);
    expect(await readOwner(db.pool, conversationId)).toMatchObject({ deleted: true, visitorHash: null });
    expect((await listVisitorConversations(db.pool, visitorHash, { limit: 5 })).conversations).toEqual([]);
  });
});

describe("a conversation that was nobody's", () => {
  it("is a visitor's from the message on that says so, and stays theirs", async () => {
    const visitorHash = newVisitor();
    const { conversationId } = await startConversation(db.pool);
    await followUp(db.pool, conversationId, { visitorHash });
    await followUp(db.pool, conversationId);
    expect(await readOwner(db.pool, conversationId)).toMatchObject({ deleted: false, visitorHash });
  });
});
