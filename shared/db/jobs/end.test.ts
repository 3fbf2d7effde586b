import { v7 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import {
  answer,
  claim,
  completed,
  followingMessage,
  followUp,
  loseLease,
  openJobs,
  queueBehindRow,
  readColumns,
  startConversation,
  readConversationColumns,
} from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { claimJob, releaseJob, renewLeases } from "./claim.ts";
import { readConversation, readMessages } from "../conversations/conversations.ts";
import { cancelQueuedJob, storeJobEnd, type JobEnd, requestCancel } from "./end.ts";
import { appendMessage } from "../submit/submit.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

async function texts(conversationId: string): Promise<string[] | undefined> {
  return (await readMessages(db, conversationId, { limit: 100 }))?.messages.map(({ text }) => text);
}

describe("end of a job", () => {
  it("stores reply, status and provider together", async () => {
    const job = await startConversation(db.pool, { text: "one" });
    const claimed = await claim(db.pool, job.id);
    const end = completed("a reply: né 漢字 🙂");
    expect(await storeJobEnd(db.pool, { job: claimed, end })).toEqual({ nextJobId: null, handoffDue: false });
    expect(await readColumns(db.pool, job.id)).toMatchObject({
      status: "completed",
      attempt: 1,
      reply_id: end.reply?.id,
      reply_attempt: 1,
      error_code: null,
      provider: "preset",
      model: "test-model",
      input_tokens: 3,
      output_tokens: 5,
      lease_until: null,
      due_at: null,
    });
    const page = await readMessages(db, job.conversationId, { limit: 10 });
    expect(page?.messages).toMatchObject([
      { sender: "user", text: "one" },
      { sender: "ai", text: "a reply: né 漢字 🙂", id: end.reply?.id },
    ]);
    expect(await readConversation(db.pool, job.conversationId)).toMatchObject({ openJobs: [], messageCount: 2 });
  });

  it("may have no reply and then leaves the messages unchanged", async () => {
    const job = await startConversation(db.pool, { text: "one" });
    const failed: JobEnd = { status: "failed", errorCode: "provider_unavailable", provider: "preset" };
    await storeJobEnd(db.pool, { job: await claim(db.pool, job.id), end: failed });
    expect(await readColumns(db.pool, job.id)).toMatchObject({
      status: "failed",
      error_code: "provider_unavailable",
      reply_id: null,
      reply_attempt: null,
    });
    expect(await readConversation(db.pool, job.conversationId)).toMatchObject({ openJobs: [], messageCount: 1 });
    expect(await texts(job.conversationId)).toEqual(["one"]);
  });

  it("returns the conversation's next job", async () => {
    const first = await startConversation(db.pool);
    const second = await followUp(db.pool, first.conversationId);
    const third = await followUp(db.pool, first.conversationId);
    expect(await answer(db.pool, first.id)).toBe(second.id);
    expect(await answer(db.pool, second.id)).toBe(third.id);
    expect(await answer(db.pool, third.id)).toBeNull();
  });

  it("has one winner of twenty, and one reply", async () => {
    const job = await startConversation(db.pool, { text: "one" });
    const second = await followUp(db.pool, job.conversationId, { text: "two" });
    const claimed = await claim(db.pool, job.id);
    const ends = Array.from({ length: 20 }, (_, index) => completed(`reply ${index}`));
    const results = await Promise.all(ends.map((end) => storeJobEnd(db.pool, { job: claimed, end })));
    expect(results.filter(Boolean)).toEqual([{ nextJobId: second.id, handoffDue: false }]);
    const winner = results.findIndex(Boolean);
    expect(await texts(job.conversationId)).toEqual(["one", `reply ${winner}`, "two"]);
  });

  it("is refused to a stale attempt and for a job that is not active", async () => {
    const job = await startConversation(db.pool);
    expect(await storeJobEnd(db.pool, { job: { ...job, attempt: 0 }, end: completed() })).toBeUndefined();
    const zombie = await claim(db.pool, job.id);
    await loseLease(db.pool, job.id);
    const present = await claim(db.pool, job.id);
    expect(await storeJobEnd(db.pool, { job: zombie, end: completed("late") })).toBeUndefined();
    expect(await openJobs(db.pool, job.conversationId)).toEqual([job.id]);
    expect(await storeJobEnd(db.pool, { job: present, end: completed("in time") })).toBeDefined();
    expect(await storeJobEnd(db.pool, { job: present, end: completed("again") })).toBeUndefined();
    expect(await texts(job.conversationId)).toEqual(["a question", "in time"]);
    expect(await readColumns(db.pool, job.id)).toMatchObject({ reply_attempt: 2 });
  });

  it("of an orphan is refused while its lease is valid", async () => {
    const failed: JobEnd = { status: "failed", errorCode: "workers_died" };
    const held = await claim(db.pool, (await startConversation(db.pool)).id);
    expect(await storeJobEnd(db.pool, { job: held, end: failed, orphan: true })).toBeUndefined();
    await loseLease(db.pool, held.id);
    expect(await storeJobEnd(db.pool, { job: held, end: failed, orphan: true })).toBeDefined();

    const givenBack = await claim(db.pool, (await startConversation(db.pool)).id);
    await releaseJob(db.pool, givenBack.id, givenBack.attempt);
    expect(await storeJobEnd(db.pool, { job: givenBack, end: failed, orphan: true })).toBeDefined();
  });

  it("by its worker counts even after its lease, if it is first", async () => {
    const claimed = await claim(db.pool, (await startConversation(db.pool)).id);
    await loseLease(db.pool, claimed.id);
    expect(await storeJobEnd(db.pool, { job: claimed, end: completed() })).toBeDefined();
  });

  it("has one winner against a reclaim", async () => {
    for (let round = 0; round < 30; round += 1) {
      const { id } = await startConversation(db.pool);
      const claimed = await claim(db.pool, id);
      await loseLease(db.pool, id);
      const [ended, taken] = await Promise.all([
        storeJobEnd(db.pool, { job: claimed, end: completed() }),
        claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" }),
      ]);
      expect([ended, taken].filter(Boolean)).toHaveLength(1);
    }
  });

  it("has one winner against the end of an orphan", async () => {
    for (let round = 0; round < 30; round += 1) {
      const job = await startConversation(db.pool);
      const claimed = await claim(db.pool, job.id);
      await loseLease(db.pool, job.id);
      const results = await Promise.all([
        storeJobEnd(db.pool, { job: claimed, end: completed() }),
        storeJobEnd(db.pool, { job: claimed, end: { status: "failed", errorCode: "workers_died" }, orphan: true }),
      ]);
      expect(results.filter(Boolean)).toEqual([{ nextJobId: null, handoffDue: false }]);
    }
  });
});

/** The statements all begin before the first is done, and each must see what those before it did to the row. */
describe("concurrent statements on a conversation's row", () => {
  it("an end sees a message accepted while it waited and returns its job as the next", async () => {
    const first = await startConversation(db.pool);
    const claimed = await claim(db.pool, first.id);
    const following = followingMessage(first.conversationId);
    const [accepted, ended] = await queueBehindRow<unknown>(db.pool, first.conversationId, [
      () => appendMessage(db.pool, following),
      () => storeJobEnd(db.pool, { job: claimed, end: completed() }),
    ]);
    expect(accepted).toMatchObject({ status: "fulfilled", value: { head: false } });
    expect(ended).toEqual({ status: "fulfilled", value: { nextJobId: following.jobId, handoffDue: false } });
    expect(await openJobs(db.pool, first.conversationId)).toEqual([following.jobId]);
    expect(await readConversationColumns(db.pool, first.conversationId)).toMatchObject({
      message_count: 3,
      next_turn: 3,
    });
  });

  it("a message that waited for an end is the head", async () => {
    const first = await startConversation(db.pool);
    const claimed = await claim(db.pool, first.id);
    const following = followingMessage(first.conversationId);
    const [ended, accepted] = await queueBehindRow<unknown>(db.pool, first.conversationId, [
      () => storeJobEnd(db.pool, { job: claimed, end: completed() }),
      () => appendMessage(db.pool, following),
    ]);
    expect(ended).toEqual({ status: "fulfilled", value: { nextJobId: null, handoffDue: false } });
    expect(accepted).toMatchObject({ status: "fulfilled", value: { head: true } });
    expect(await claimJob(db.pool, { jobId: following.jobId, reclaim: true, worker: "a worker" })).toMatchObject({
      id: following.jobId,
    });
  });

  it("an end does not return a job that was cancelled while it waited", async () => {
    const first = await startConversation(db.pool);
    const second = await followUp(db.pool, first.conversationId);
    const third = await followUp(db.pool, first.conversationId);
    const claimed = await claim(db.pool, first.id);
    const [cancelled, ended] = await queueBehindRow<unknown>(db.pool, first.conversationId, [
      () => cancelQueuedJob(db.pool, second),
      () => storeJobEnd(db.pool, { job: claimed, end: completed() }),
    ]);
    // The head has not ended yet: it stays the next one, which the queue knows already.
    expect(cancelled).toEqual({ status: "fulfilled", value: { nextJobId: first.id, handoffDue: false } });
    expect(ended).toEqual({ status: "fulfilled", value: { nextJobId: third.id, handoffDue: false } });
  });

  it("the second of two waiting ends changes nothing", async () => {
    const first = await startConversation(db.pool);
    const claimed = await claim(db.pool, first.id);
    const [one, two] = await queueBehindRow<unknown>(db.pool, first.conversationId, [
      () => storeJobEnd(db.pool, { job: claimed, end: completed("one") }),
      () => storeJobEnd(db.pool, { job: claimed, end: completed("two") }),
    ]);
    expect(one).toEqual({ status: "fulfilled", value: { nextJobId: null, handoffDue: false } });
    expect(two).toEqual({ status: "fulfilled", value: undefined });
    expect(await texts(first.conversationId)).toEqual(["a question", "one"]);
  });

  it("a cancel of a queued job changes nothing if the job was claimed while it waited", async () => {
    const first = await startConversation(db.pool);
    const [cancelled] = await queueBehindRow(
      db.pool,
      first.conversationId,
      [() => cancelQueuedJob(db.pool, first)],
      () => claim(db.pool, first.id),
    );
    expect(cancelled).toEqual({ status: "fulfilled", value: undefined });
    expect(await readColumns(db.pool, first.id)).toMatchObject({ status: "active" });
    expect(await openJobs(db.pool, first.conversationId)).toEqual([first.id]);
  });

  it("an end changes nothing if the job was reclaimed while it waited", async () => {
    const first = await startConversation(db.pool);
    const zombie = await claim(db.pool, first.id);
    await loseLease(db.pool, first.id);
    const ends = [{ orphan: false }, { orphan: true }].map((options) => () => {
      return storeJobEnd(db.pool, { job: zombie, end: completed("late"), ...options });
    });
    const results = await queueBehindRow(db.pool, first.conversationId, ends, () => claim(db.pool, first.id));
    expect(results).toEqual([
      { status: "fulfilled", value: undefined },
      { status: "fulfilled", value: undefined },
    ]);
    expect(await readColumns(db.pool, first.id)).toMatchObject({ status: "active", run: 2 });
    expect(await texts(first.conversationId)).toEqual(["a question"]);
  });

  it("an orphan's end changes nothing if the lease was renewed while it waited", async () => {
    const first = await startConversation(db.pool);
    const claimed = await claim(db.pool, first.id);
    await loseLease(db.pool, first.id);
    const failed: JobEnd = { status: "failed", errorCode: "workers_died" };
    const [ended] = await queueBehindRow(
      db.pool,
      first.conversationId,
      [() => storeJobEnd(db.pool, { job: claimed, end: failed, orphan: true })],
      () => renewLeases(db.pool, [claimed]),
    );
    expect(ended).toEqual({ status: "fulfilled", value: undefined });
  });
});

describe("cancelling", () => {
  it("ends a queued job at once, head or not", async () => {
    const first = await startConversation(db.pool);
    const second = await followUp(db.pool, first.conversationId);
    const third = await followUp(db.pool, first.conversationId);
    expect(await cancelQueuedJob(db.pool, second)).toEqual({ nextJobId: first.id, handoffDue: false });
    expect(await cancelQueuedJob(db.pool, first)).toEqual({ nextJobId: third.id, handoffDue: false });
    expect(await cancelQueuedJob(db.pool, first)).toBeUndefined();
    expect(await readColumns(db.pool, first.id)).toMatchObject({
      status: "cancelled",
      error_code: "cancelled",
      due_at: null,
    });
    expect(await openJobs(db.pool, first.conversationId)).toEqual([third.id]);
  });

  it("is requested from an active job's worker, repeatedly, and for no other job", async () => {
    const job = await startConversation(db.pool);
    expect(await requestCancel(db.pool, job.id)).toBe(false);
    const claimed = await claim(db.pool, job.id);
    expect(await cancelQueuedJob(db.pool, job)).toBeUndefined();
    expect(await requestCancel(db.pool, job.id)).toBe(true);
    const { cancel_requested_at: asked } = await readColumns(db.pool, job.id);
    expect(await requestCancel(db.pool, job.id)).toBe(true);
    expect(await readColumns(db.pool, job.id)).toMatchObject({ cancel_requested_at: asked });
    await storeJobEnd(db.pool, {
      job: claimed,
      end: {
        status: "cancelled",
        errorCode: "cancelled",
        reply: { id: v7(), text: "half a", finishReason: "cancelled", fallback: false },
      },
    });
    expect(await requestCancel(db.pool, job.id)).toBe(false);
    expect(await texts(job.conversationId)).toEqual(["a question", "half a"]);
  });

  it("has one winner against a claim", async () => {
    for (let round = 0; round < 40; round += 1) {
      const job = await startConversation(db.pool);
      const calls = [
        () => cancelQueuedJob(db.pool, job),
        () => claimJob(db.pool, { jobId: job.id, reclaim: true, worker: "a worker" }),
      ];
      if (round % 2 === 1) calls.reverse();
      const results = await Promise.all(calls.map((call) => call()));
      expect(results.filter(Boolean)).toHaveLength(1);
      const [cancelled] = round % 2 === 1 ? results.toReversed() : results;
      expect(await readColumns(db.pool, job.id)).toMatchObject({ status: cancelled ? "cancelled" : "active" });
    }
  });
});
