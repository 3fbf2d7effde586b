import { describe, expect, it } from "vitest";
import { answer, startConversation } from "../../testing/fixtures/conversations.ts";
import { openTestDatabase } from "../../testing/stores/database.ts";
import { storeTombstone } from "../conversations/erasure.ts";
import { readTotals } from "./totals.ts";

describe("totals", () => {
  it("count existing conversations and messages, and recently active ones", async () => {
    await using db = await openTestDatabase();
    expect(await readTotals(db.pool)).toEqual({ totalConversations: 0, totalMessages: 0, activeConversations: 0 });
    const [one, quiet, deleted] = [
      await startConversation(db.pool),
      await startConversation(db.pool),
      await startConversation(db.pool),
    ];
    await answer(db.pool, one.id);
    await db.pool.query("update conversations set updated_at = now() - interval '16 min' where id = $1", [
      quiet.conversationId,
    ]);
    await storeTombstone(db.pool, deleted.conversationId);
    expect(await readTotals(db.pool)).toEqual({ totalConversations: 2, totalMessages: 3, activeConversations: 1 });
  });

  it("are estimated where counting would be slow", async () => {
    await using db = await openTestDatabase();
    await startConversation(db.pool);
    // As an analyzed table of that size would have it.
    await db.pool.query("update pg_class set reltuples = 2000000 where relname = 'messages'");
    expect(await readTotals(db.pool)).toMatchObject({ totalConversations: 1, totalMessages: 2_000_000 });
  });
});
