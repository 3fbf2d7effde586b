import { v4, v7 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import {
  answer,
  claim,
  completed,
  followingMessage,
  followUp,
  importedMessage,
  loseLease,
  openJobs,
  queueBehindRow,
  readConversationColumns,
  startConversation,
  type TestJob,
} from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { readMessages } from "./conversations.ts";
import { storeTombstone } from "./erasure.ts";
import { bindThread } from "./threads.ts";
import { cancelQueuedJob, storeJobEnd } from "../jobs/end.ts";
import { storeRetry } from "../jobs/retry.ts";
import { appendMessage, type FollowingMessage } from "../submit/submit.ts";
import { storeFollowingMessage } from "../submit/submit-outcome.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

/** A conversation whose first message has its reply. */
async function answered(text = "one"): Promise<TestJob> {
  const job = await startConversation(db.pool, { text });
  await answer(db.pool, job.id, `reply to ${text}`);
  return job;
}

/** Accepts one more message, and answers it. */
async function answeredNext({ conversationId }: TestJob, row: Partial<FollowingMessage>): Promise<TestJob> {
  const job = await followUp(db.pool, conversationId, row);
  await answer(db.pool, job.id, `reply to ${row.text}`);
  return job;
}

const replacing = ({ conversationId, messageId: replaces }: TestJob, text = "instead") =>
  followingMessage(conversationId, { text, replaces });
const submit = (row: FollowingMessage) => storeFollowingMessage(db.pool, row);
const refused = (reason: string) => ({ type: "refused", refusal: { reason } });

/** Prompt that a worker gets for the next message. */
async function promptOf({ conversationId }: TestJob, row: Partial<FollowingMessage> = {}): Promise<string[]> {
  const next = await followUp(db.pool, conversationId, { text: "now", ...row });
  return (await claim(db.pool, next.id)).history.map(({ text }) => text);
}

describe("a message that replaces another one", () => {
  it("is a turn of its own that names it, and both stay stored", async () => {
    const first = await answered();
    const next = await followUp(db.pool, first.conversationId, { text: "instead", replaces: first.messageId });
    await answer(db.pool, next.id, "another reply");
    const page = await readMessages(db, first.conversationId, { limit: 10 });
    expect(page?.messages.map(({ text, replaces }) => [text, replaces])).toEqual([
      ["one", null],
      ["reply to one", null],
      ["instead", first.messageId],
      ["another reply", null],
    ]);
    expect(await readConversationColumns(db.pool, first.conversationId)).toMatchObject({
      next_turn: 3,
      replaced_turns: [1],
    });
  });

  it("is answered without what it replaces and its reply, and so are all messages after it", async () => {
    const first = await answered("one");
    const second = await answeredNext(first, { text: "two" });
    expect(await promptOf(first, { text: "two, edited", replaces: second.messageId })).toEqual([
      "one",
      "reply to one",
      "two, edited",
    ]);
    const [open] = await openJobs(db.pool, first.conversationId);
    if (open === undefined) throw new Error("the edited message is being answered");
    await fail(open);
    expect(await promptOf(first)).toEqual(["one", "reply to one", "two, edited", "now"]);
  });

  it("is answered without it by the next worker, too, after the first one died", async () => {
    const first = await answered();
    const edited = await followUp(db.pool, first.conversationId, { text: "edited", replaces: first.messageId });
    for (let run = 1; run <= 2; run += 1) {
      const { history, attempt } = await claim(db.pool, edited.id);
      expect([attempt, history.map(({ text }) => text)]).toEqual([run, ["edited"]]);
      await loseLease(db.pool, edited.id);
    }
  });

  it("may be replaced itself, again and again", async () => {
    let last = await answered("zero");
    const kept = last;
    last = await answeredNext(kept, { text: "1" });
    for (const text of ["2", "3", "4"]) last = await answeredNext(last, { text, replaces: last.messageId });
    expect(await promptOf(last)).toEqual(["zero", "reply to zero", "4", "reply to 4", "now"]);
  });

  it("may be any earlier one of its visitor", async () => {
    const first = await answered("one");
    await answeredNext(first, { text: "two" });
    expect(await promptOf(first, { replaces: first.messageId })).toEqual(["two", "reply to two", "now"]);
  });

  it("leaves room in the prompt: the newest hundred are counted without what was replaced", async () => {
    const history = Array.from({ length: 60 }, (_, turn) => [
      importedMessage(turn + 1, "user"),
      importedMessage(turn + 1, "ai"),
    ]).flat();
    let last: TestJob = await startConversation(db.pool, { history, turn: 61, text: "0" });
    await answer(db.pool, last.id);
    for (const text of ["1", "2", "3"]) last = await answeredNext(last, { text, replaces: last.messageId });
    const expected = history.slice(-99).map(({ text }) => text);
    expect(await promptOf(last, { replaces: last.messageId })).toEqual([...expected, "now"]);
  });

  it("is not answered in the provider's thread, which holds what it replaces", async () => {
    const first = await startConversation(db.pool);
    const run = await claim(db.pool, first.id);
    await bindThread(db.pool, run, { provider: "openai", id: v7() });
    await storeJobEnd(db.pool, { job: run, end: { ...completed(), inThread: true } });
    const plain = await followUp(db.pool, first.conversationId);
    const inThread = await claim(db.pool, plain.id);
    expect(inThread).toMatchObject({ thread: { turn: 1 }, previousTurn: 1 });
    await storeJobEnd(db.pool, { job: inThread, end: { ...completed(), inThread: true } });
    const edited = await followUp(db.pool, first.conversationId, { replaces: plain.messageId });
    expect(await claim(db.pool, edited.id)).toMatchObject({ thread: null });
  });

  it("breaks the thread for later messages, too, if it was cancelled before its turn", async () => {
    const first = await startConversation(db.pool);
    const run = await claim(db.pool, first.id);
    await bindThread(db.pool, run, { provider: "openai", id: v7() });
    await storeJobEnd(db.pool, { job: run, end: { ...completed(), inThread: true } });
    await cancelQueuedJob(
      db.pool,
      await followUp(db.pool, first.conversationId, { text: "edited", replaces: first.messageId }),
    );
    const later = await followUp(db.pool, first.conversationId, { text: "later" });
    const { thread, previousTurn, history } = await claim(db.pool, later.id);
    expect(thread?.turn).not.toBe(previousTurn);
    expect(history.map(({ text }) => text)).toEqual(["edited", "later"]);
  });
});

async function fail(jobId: string): Promise<void> {
  const { rows } = await db.pool.query<{ run: number; attempt: number; conversation_id: string }>(
    "select run, attempt, conversation_id from jobs where id = $1",
    [jobId],
  );
  const [row] = rows;
  if (!row) throw new Error("there is no such job");
  const job = { id: jobId, conversationId: row.conversation_id, attempt: row.attempt };
  await storeJobEnd(db.pool, { job, end: { status: "failed", errorCode: "deadline" } });
}

describe("replacing a message is refused", () => {
  it("for what is no message of the visitor in this conversation", async () => {
    const history = [importedMessage(1, "user"), importedMessage(1, "ai")];
    const first = await startConversation(db.pool, { history, turn: 2 });
    await answer(db.pool, first.id);
    const other = await answered();
    const page = await readMessages(db, first.conversationId, { limit: 10 });
    const reply = page?.messages.at(-1)?.id ?? "";
    for (const messageId of [v4(), other.messageId, reply, history[0]?.id ?? ""]) {
      const row = replacing({ ...first, messageId });
      expect(await submit(row)).toEqual(refused("nothing_to_replace"));
    }
    expect(await readConversationColumns(db.pool, first.conversationId)).toMatchObject({
      message_count: 4,
      replaced_turns: [],
    });
  });

  it("for one that was replaced before, and for any while a reply is open", async () => {
    const first = await answered();
    const next = await followUp(db.pool, first.conversationId, { text: "instead", replaces: first.messageId });
    expect(await submit(replacing(next))).toEqual(refused("reply_open"));
    expect(await submit(replacing(first))).toEqual(refused("already_replaced"));
    await claim(db.pool, next.id);
    expect(await submit(replacing(next))).toEqual(refused("reply_open"));
    await fail(next.id);
    expect(await submit(replacing(first))).toEqual(refused("already_replaced"));
    expect(await submit(replacing(next))).toMatchObject({ type: "accepted", head: true });
  });

  it("in a deleted conversation, as any message is", async () => {
    const first = await answered();
    await storeTombstone(db.pool, first.conversationId);
    expect(await submit(replacing(first))).toEqual(refused("deleted"));
  });

  it("for all but one of two that wait for the same row", async () => {
    const first = await answered();
    const rows = [replacing(first, "a"), replacing(first, "b")];
    const [one, two] = await queueBehindRow(
      db.pool,
      first.conversationId,
      rows.map((row) => () => appendMessage(db.pool, row)),
    );
    expect(one).toMatchObject({ value: { head: true } });
    expect(two).toEqual({ status: "fulfilled", value: undefined });
    expect(await openJobs(db.pool, first.conversationId)).toEqual([rows[0]?.jobId]);
    expect(await submit(rows[1] ?? replacing(first))).toEqual(refused("already_replaced"));
  });

  it("for all but one of twenty at once", async () => {
    const first = await answered();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => submit(replacing(first))));
    expect(outcomes.filter(({ type }) => type === "accepted")).toHaveLength(1);
    expect(await readConversationColumns(db.pool, first.conversationId)).toMatchObject({
      next_turn: 3,
      replaced_turns: [1],
    });
  });
});

describe("messages that replace others in one statement", () => {
  it("are each checked against their own conversation", async () => {
    const [one, two, three] = [await answered(), await answered(), await answered()];
    const rows = [
      replacing(one),
      replacing({ ...two, messageId: three.messageId }),
      followingMessage(three.conversationId),
    ];
    const outcomes = await Promise.all(rows.map(submit));
    expect(outcomes).toMatchObject([{ type: "accepted" }, refused("nothing_to_replace"), { type: "accepted" }]);
    const turns = await Promise.all(
      [one, two, three].map(
        async ({ conversationId }) => (await readConversationColumns(db.pool, conversationId))["replaced_turns"],
      ),
    );
    expect(turns).toEqual([[1], [], []]);
  });
});

describe("an operator's retry", () => {
  it("is refused for a message that was replaced", async () => {
    const first = await startConversation(db.pool);
    const end = { status: "failed", errorCode: "deadline" } as const;
    await storeJobEnd(db.pool, { job: await claim(db.pool, first.id), end });
    await followUp(db.pool, first.conversationId, { replaces: first.messageId });
    expect(await storeRetry(db.pool, first.id)).toEqual({ retried: false, reason: "replaced" });
  });
});
