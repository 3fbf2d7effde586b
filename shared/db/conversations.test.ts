import fc from "fast-check";
import { v4 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import {
  answer,
  claim,
  completed,
  followingMessage,
  followUp,
  importedMessage,
  openJobs,
  queueBehindRow,
  readColumns,
  startConversation,
} from "../testing/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../testing/database.ts";
import {
  deleteConversation,
  markErased,
  readConversation,
  readMessages,
  readPresence,
  readTombstones,
  type Traces,
} from "./conversations.ts";
import { cancelQueuedJob, endJob } from "./end.ts";
import { appendMessage, type ImportedMessage } from "./submit.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

describe("the messages of a conversation", () => {
  it("come a page at a time, oldest first within it, whatever the page size", async () => {
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

  it("can be read before every one of them", async () => {
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

  it("are not found before a message of another conversation, or one that is not there", async () => {
    const [one, other] = [await startConversation(db.pool), await startConversation(db.pool)];
    for (const before of [other.messageId, v4()]) {
      expect(await readMessages(db, one.conversationId, { limit: 10, before })).toBeUndefined();
    }
  });
});

describe("the presence of a conversation", () => {
  it("is present, deleted or unknown", async () => {
    const { conversationId } = await startConversation(db.pool);
    expect(await readPresence(db.pool, conversationId)).toBe("present");
    await deleteConversation(db.pool, conversationId);
    expect(await readPresence(db.pool, conversationId)).toBe("deleted");
    expect(await readPresence(db.pool, v4())).toBe("unknown");
    expect(await readConversation(db, conversationId)).toBeNull();
  });
});

describe("deleting a conversation", () => {
  it("leaves no text, ends its open jobs, and names them for the other stores", async () => {
    const first = await startConversation(db.pool, { metadata: { page: "/a" } });
    const done = await followUp(db.pool, first.conversationId);
    const waiting = await followUp(db.pool, first.conversationId);
    await answer(db.pool, first.id);
    const active = await claim(db.pool, done.id);

    const traces = await deleteConversation(db.pool, first.conversationId);
    expect(traces?.conversationId).toBe(first.conversationId);
    expect(new Set(traces?.jobs)).toEqual(
      new Set([
        { id: active.id, attempt: 1 },
        { id: waiting.id, attempt: 0 },
      ]),
    );
    expect(await readColumns(db.pool, first.id)).toMatchObject({ status: "completed" });
    for (const { id } of [active, waiting]) {
      expect(await readColumns(db.pool, id)).toMatchObject({
        status: "cancelled",
        error_code: "deleted",
        lease_until: null,
        due_at: null,
      });
    }
    const { rows } = await db.pool.query(
      `select metadata, message_count, (select count(*)::int from messages where conversation_id = $1) as messages
       from conversations where id = $1`,
      [first.conversationId],
    );
    expect(rows).toEqual([{ metadata: {}, message_count: 0, messages: 0 }]);
  });

  it("is done once, however many ask at once", async () => {
    const { conversationId } = await startConversation(db.pool);
    const results = await Promise.all(Array.from({ length: 10 }, () => deleteConversation(db.pool, conversationId)));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await deleteConversation(db.pool, conversationId)).toBeUndefined();
    expect(await deleteConversation(db.pool, v4())).toBeUndefined();
  });

  it("takes the message with it that was accepted while it waited", async () => {
    const first = await startConversation(db.pool);
    const row = followingMessage(first.conversationId);
    const [accepted, deleted] = await queueBehindRow<unknown>(db.pool, first.conversationId, [
      () => appendMessage(db.pool, row),
      () => deleteConversation(db.pool, first.conversationId),
    ]);
    expect(accepted).toMatchObject({ value: { head: false } });
    const { jobs } = (deleted?.status === "fulfilled" ? deleted.value : {}) as Partial<Traces>;
    expect(jobs).toContainEqual({ id: row.jobId, attempt: 0 });
    expect(await readMessages(db, first.conversationId, { limit: 10 })).toEqual({ messages: [], more: false });
  });

  it("refuses the message, the end and the cancel that waited for it", async () => {
    const first = await startConversation(db.pool);
    const second = await followUp(db.pool, first.conversationId);
    const claimed = await claim(db.pool, first.id);
    const [deleted, ...late] = await queueBehindRow<unknown>(db.pool, first.conversationId, [
      () => deleteConversation(db.pool, first.conversationId),
      () => appendMessage(db.pool, followingMessage(first.conversationId)),
      () => endJob(db.pool, claimed, completed()),
      () => cancelQueuedJob(db.pool, second),
    ]);
    expect(deleted).toMatchObject({ status: "fulfilled" });
    expect(late).toEqual(late.map(() => ({ status: "fulfilled", value: undefined })));
    expect(await readMessages(db, first.conversationId, { limit: 10 })).toEqual({ messages: [], more: false });
  });
});

describe("the tombstone of a deleted conversation", () => {
  it("is worked off once every worker has had the time to notice", async () => {
    await using own = await openTestDatabase();
    const { id, conversationId } = await startConversation(own.pool);
    await claim(own.pool, id);
    await startConversation(own.pool);
    await deleteConversation(own.pool, conversationId);
    expect(await readTombstones(own.pool)).toEqual([]);
    await own.pool.query("update conversations set deleted_at = deleted_at - interval '3 s'");
    expect(await readTombstones(own.pool)).toEqual([{ conversationId, jobs: [{ id, attempt: 1 }] }]);
    await markErased(own.pool, conversationId);
    expect(await readTombstones(own.pool)).toEqual([]);
    expect(await openJobs(own.pool, conversationId)).toEqual([]);
  });

  it("cannot be made of a conversation that was not deleted", async () => {
    const { id, conversationId } = await startConversation(db.pool);
    await markErased(db.pool, conversationId);
    expect(await readConversation(db, conversationId)).toMatchObject({ openJobs: [id], erasedAt: null });
  });
});
