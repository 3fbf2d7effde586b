import fc from "fast-check";
import { v4 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import { answer, followUp, importedMessage, startConversation } from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { readConversation, readMessages, readOwner } from "./conversations.ts";
import { storeTombstone } from "./erasure.ts";
import type { ImportedMessage } from "../submit/submit.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

describe("messages of a conversation", () => {
  it("are paged, oldest first within a page, for any page size", async () => {
    // Each turn has a message, a reply, or both.
    const turn = fc.constantFrom(["user"], ["ai"], ["user", "ai"]) as fc.Arbitrary<ImportedMessage["sender"][]>;
    const limit = fc.integer({ min: 1, max: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { maxLength: 8 }), limit, async (turns, pageSize) => {
        const history = turns.flatMap((senders, index) => senders.map((sender) => importedMessage(index + 1, sender)));
        const job = await startConversation(db.pool, { history, turn: turns.length + 1, text: "now" });
        const read: string[][] = [];
        let before: string | undefined;
        for (;;) {
          const page = await readMessages(db, job.conversationId, { limit: pageSize, before });
          if (!page) throw new Error("the message to start from is there");
          read.unshift(page.messages.map(({ text }) => text));
          if (!page.more) break;
          expect(page.messages).toHaveLength(pageSize);
          before = page.messages[0]?.id;
        }
        expect(read.flat()).toEqual([...history.map(({ text }) => text), "now"]);
      }),
      { numRuns: 30 },
    );
  });

  it("can be read before any of them", async () => {
    const first = await startConversation(db.pool, { text: "one" });
    await followUp(db.pool, first.conversationId, { text: "two" });
    await answer(db.pool, first.id, "to one");
    const all = (await readMessages(db, first.conversationId, { limit: 10 }))?.messages ?? [];
    expect(all.map(({ text }) => text)).toEqual(["one", "to one", "two"]);
    for (const [index, { id: before }] of all.entries()) {
      expect(await readMessages(db, first.conversationId, { limit: 10, before })).toEqual({
        messages: all.slice(0, index),
        more: false,
      });
    }
  });

  it("are not found before an unknown message or one of another conversation", async () => {
    const [one, other] = [await startConversation(db.pool), await startConversation(db.pool)];
    for (const before of [other.messageId, v4()]) {
      expect(await readMessages(db, one.conversationId, { limit: 10, before })).toBeUndefined();
    }
  });
});

describe("conversation", () => {
  it("is found, deleted or unknown", async () => {
    const { conversationId } = await startConversation(db.pool);
    expect(await readOwner(db.pool, conversationId)).toMatchObject({ deleted: false, visitorHash: null });
    await storeTombstone(db.pool, conversationId);
    expect(await readOwner(db.pool, conversationId)).toMatchObject({ deleted: true, visitorHash: null });
    expect(await readOwner(db.pool, v4())).toBeUndefined();
    expect(await readConversation(db.pool, conversationId)).toBeUndefined();
  });
});
