import { v7 } from "uuid";
import { describe, expect, it } from "vitest";
import { deleteConversation } from "../jobs/delete-conversation.ts";
import { endJob } from "../jobs/end-job.ts";
import { retryJob } from "../jobs/retry-job.ts";
import { claimJob } from "../db/jobs/claim.ts";
import { appendMessage } from "../db/submit/submit.ts";
import { storeJobEnd } from "../db/jobs/end.ts";
import { readJob } from "../db/jobs/read-job.ts";
import { changeVoice } from "../db/voices/change-voice.ts";
import { readVoice } from "../db/voices/read-voice.ts";
import { handInCut } from "../db/voices/hand-in-cut.ts";
import {
  claim,
  completed,
  followingMessage,
  followUp,
  loseLease,
  openJobs,
  queueBehindRow,
  readColumns,
  readConversationColumns,
  startConversation,
} from "../testing/fixtures/conversations.ts";
import { jobStores, openJobsOnRedis, type TestJobContext } from "../testing/fixtures/job-context.ts";
import { addOperator, eventLines, messageLines } from "../testing/fixtures/operators.ts";
import { redisAvailable } from "../testing/stores/redis.ts";
import { carryOutHandoff, close, handOff, release, withdrawHandoff } from "./hand-over.ts";
import { takeOver } from "./take-over.ts";

/** A conversation whose reply is being written. */
async function startWriting(context: TestJobContext, text = "One two ") {
  const job = await startConversation(context.db.pool);
  const claimed = await claim(context.db.pool, job.id);
  if (text !== "") await context.live.append({ jobId: job.id, attempt: 1, offset: 0, text });
  return { ...job, claimed };
}

const taking = (operatorId: string) => ({ operatorId, actorId: operatorId, reason: "taken", force: false }) as const;
const askingForPerson = { reason: "asked" } as const;
const ask = (context: TestJobContext, { conversationId }: { conversationId: string }) =>
  handOff(context, conversationId, askingForPerson);

describe.each(jobStores)("who answers, on $name", ({ available, openJobs: openContext }) => {
  describe.runIf(available)("a take-over", () => {
    it("keeps what was written, ends all jobs, and tells the cut before who answers", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const job = await startWriting(context);
      const second = await followUp(pool, job.conversationId);
      const operator = await addOperator(pool, "Ana");
      expect(await takeOver(context, job.conversationId, taking(operator.id))).toMatchObject({
        type: "now",
        handledBy: "operator",
        operator: { name: "Ana", avatarUrl: null },
        changed: true,
      });
      expect(await messageLines(pool, job.conversationId)).toEqual([
        "user: a question",
        "ai: One two ",
        "user: a question",
      ]);
      expect(await eventLines(pool, job.conversationId)).toEqual([
        "message user",
        "job queued",
        "message user",
        "job queued",
        "message ai",
        "job cancelled operator",
        "job cancelled operator",
        "handling operator taken",
      ]);
      expect(await readJob(pool, job.id)).toMatchObject({
        status: "cancelled",
        errorCode: "taken_over",
        attempt: 1,
        replyAttempt: 1,
        replyFinishReason: "taken_over",
      });
      expect(await readColumns(pool, second.id)).toMatchObject({
        status: "cancelled",
        error_code: "taken_over",
        reply_id: null,
        reply_attempt: null,
      });
      expect(await openJobs(pool, job.conversationId)).toEqual([]);
    });

    it("leaves the worker nothing to write: not to the draft, not to the row", async () => {
      await using context = await openContext();
      const job = await startWriting(context);
      const operator = await addOperator(context.db.pool);
      await takeOver(context, job.conversationId, taking(operator.id));
      const more = { jobId: job.id, attempt: 1, offset: 8, text: "three" };
      expect(await context.live.append(more)).toBe(false);
      expect(await context.live.append({ ...more, offset: 0 })).toBe(false);
      await context.live.rewrite({ jobId: job.id, attempt: 1, text: "One two three" }).catch(() => undefined);
      expect(await context.live.readDraft(job.id, 1, 0)).toBeUndefined();
      expect(await endJob(context, job.claimed, completed("One two three"))).toBe(false);
      expect(await messageLines(context.db.pool, job.conversationId)).toEqual(["user: a question", "ai: One two "]);
    });

    it("leaves no message where nothing was written, and takes a queued job without a cut", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const [silent, queued] = [await startWriting(context, ""), await startConversation(pool)];
      const operator = await addOperator(pool);
      for (const { id, conversationId } of [silent, queued]) {
        await takeOver(context, conversationId, taking(operator.id));
        expect(await readJob(pool, id)).toMatchObject({ status: "cancelled", errorCode: "taken_over", replyId: null });
        expect(await messageLines(pool, conversationId)).toEqual(["user: a question"]);
        expect(await claimJob(pool, { jobId: id, reclaim: true, worker: "a worker" })).toBeUndefined();
        await context.live.append({ jobId: id, attempt: 1, offset: 0, text: "late" });
        expect(await context.live.readDraft(id, 1, 0)).toEqual(id === queued.id ? expect.anything() : undefined);
      }
    });

    it("keeps nothing of an attempt that was withdrawn", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const job = await startWriting(context, "withdrawn");
      await pool.query("update jobs set attempt = 2 where id = $1", [job.id]);
      const operator = await addOperator(pool);
      await takeOver(context, job.conversationId, taking(operator.id));
      expect(await messageLines(pool, job.conversationId)).toEqual(["user: a question"]);
    });

    it("commits together with a message, which takes a turn of its own", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const job = await startWriting(context);
      const operator = await addOperator(pool);
      const message = { text: "Hello, Ana here.", operatorId: operator.id, idempotencyHash: null, requestHash: null };
      const say = () =>
        takeOver(context, job.conversationId, { ...taking(operator.id), message: { id: v7(), ...message } });
      expect(await say()).toMatchObject({ type: "now" });
      expect(await say()).toMatchObject({ type: "now" });
      expect(await messageLines(pool, job.conversationId)).toEqual([
        "user: a question",
        "ai: One two ",
        "operator: Hello, Ana here.",
        "operator: Hello, Ana here.",
      ]);
      expect((await eventLines(pool, job.conversationId)).slice(2)).toEqual([
        "message ai",
        "job cancelled operator",
        "handling operator taken",
        "message operator",
        "message operator",
      ]);
    });

    it("is refused while a colleague has it, unless forced; a repeat changes nothing", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const { conversationId } = await startWriting(context);
      const [ana, ben] = [await addOperator(pool), await addOperator(pool)];
      const take = (who: string, force = false) => takeOver(context, conversationId, { ...taking(who), force });
      const took = await take(ana.id);
      expect(await take(ana.id)).toMatchObject({ ...took, changed: false });
      expect(await take(ben.id)).toMatchObject({ type: "handled", operator: { name: ana.name } });
      expect(await take(ben.id, true)).toMatchObject({ type: "now", operator: { name: ben.name } });
      const given = { operatorId: ana.id, actorId: ben.id, reason: "assigned", force: false } as const;
      expect(await takeOver(context, conversationId, given)).toMatchObject({ operator: { name: ana.name } });
    });

    it("has one winner of ten at once", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const { id, conversationId } = await startWriting(context);
      const operators = await Promise.all(Array.from({ length: 10 }, () => addOperator(pool)));
      const outcomes = await Promise.all(operators.map((each) => takeOver(context, conversationId, taking(each.id))));
      expect(outcomes.filter(({ type }) => type === "now")).toHaveLength(1);
      expect(outcomes.filter(({ type }) => type === "handled")).toHaveLength(9);
      expect(await messageLines(pool, conversationId)).toEqual(["user: a question", "ai: One two "]);
      // The winner's seal stays, whatever the others did to theirs.
      expect(await context.live.append({ jobId: id, attempt: 1, offset: 8, text: "three" })).toBe(false);
    });

    it("decides about a message that waited for it", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const { conversationId } = await startConversation(pool);
      const operator = await addOperator(pool);
      const message = followingMessage(conversationId);
      const seen = await readVoice(pool, conversationId);
      if (!seen) throw new Error("the conversation is there");
      const to = {
        handledBy: "operator",
        operatorId: operator.id,
        reason: "taken",
        notice: "taken",
        ends: "open",
      } as const;
      await queueBehindRow<unknown>(pool, conversationId, [
        () => changeVoice(pool, { conversationId, seen, ...to }),
        () => appendMessage(pool, message),
      ]);
      expect(await readJob(pool, message.jobId)).toMatchObject({ status: "completed", handledBy: "operator" });
      expect(await openJobs(pool, conversationId)).toEqual([]);
    });

    it("finds nothing once the conversation is deleted", async () => {
      await using context = await openContext();
      const { conversationId } = await startWriting(context);
      const operator = await addOperator(context.db.pool);
      await deleteConversation(context, conversationId);
      expect(await takeOver(context, conversationId, taking(operator.id))).toEqual({ type: "gone" });
    });

    it("waits for the end of an update", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const { conversationId } = await startWriting(context);
      await pool.query("insert into process_reports (process_id, name, place, version) values ($1, 'api', 'old', 1)", [
        v7(),
      ]);
      const operator = await addOperator(pool);
      expect(await takeOver(context, conversationId, taking(operator.id))).toEqual({ type: "updating" });
      expect(await handOff(context, conversationId, askingForPerson)).toEqual({ type: "updating" });
    });
  });

  describe.runIf(available)("a handoff", () => {
    it("lets a running reply end, ends queued jobs, and begins no others", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const first = await startWriting(context);
      const second = await followUp(pool, first.conversationId);
      expect(await ask(context, first)).toMatchObject({ type: "now", handledBy: "waiting", changed: true });
      expect(await ask(context, first)).toMatchObject({ handledBy: "waiting", changed: false });
      const third = await followUp(pool, first.conversationId);
      expect(await readJob(pool, second.id)).toMatchObject({
        status: "completed",
        handledBy: "waiting",
        replyId: null,
      });
      expect(await readJob(pool, third.id)).toMatchObject({ status: "completed", handledBy: "waiting" });
      expect(await endJob(context, first.claimed, completed("One two three"))).toBe(true);
      expect(await openJobs(pool, first.conversationId)).toEqual([]);
      expect(await messageLines(pool, first.conversationId)).toEqual([
        "user: a question",
        "ai: One two three",
        "user: a question",
        "user: a question",
      ]);
      expect((await eventLines(pool, first.conversationId)).slice(4)).toEqual([
        "job completed waiting",
        "handling waiting waiting",
        "message user",
        "job completed waiting",
        "message ai",
        "job completed",
      ]);
    });

    it("lets another worker finish the running reply if its own dies", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const job = await startWriting(context);
      await ask(context, job);
      await loseLease(pool, job.id);
      const again = await claim(pool, job.id);
      expect(await endJob(context, again, completed("Whole."))).toBe(true);
      expect(await messageLines(pool, job.conversationId)).toEqual(["user: a question", "ai: Whole."]);
    });

    it("is refused while a person has it; an address may be left, changed and removed", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const job = await startConversation(pool);
      const address = async () => (await readConversationColumns(pool, job.conversationId))["handoff_email"];
      const leave = (email: string | null) => handOff(context, job.conversationId, { reason: "asked", email });
      await leave("ana@example.com");
      expect(await address()).toBe("ana@example.com");
      await ask(context, job);
      expect(await address()).toBe("ana@example.com");
      await leave(null);
      expect(await address()).toBeNull();
      for (const email of ["ben@example.com", "ben@example.com", "cy@example.com"]) await leave(email);
      expect(await leave("dan@example.com")).toEqual({ type: "too_many_addresses" });
      expect(await leave("cy@example.com")).toMatchObject({ type: "now" });
      expect(await address()).toBe("cy@example.com");
      await leave(null);
      expect(await leave("dan@example.com")).toEqual({ type: "too_many_addresses" });
      const operator = await addOperator(pool, "Ben");
      await takeOver(context, job.conversationId, taking(operator.id));
      expect(await ask(context, job)).toMatchObject({ type: "handled", operator: { name: "Ben" } });
    });

    it("that is due keeps the job from being claimed until it is carried out", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const job = await startConversation(pool, { handoff: "keyword" });
      const claiming = { jobId: job.id, reclaim: true, worker: "a worker" };
      expect(await claimJob(pool, claiming)).toBeUndefined();
      expect(await carryOutHandoff(context, job.conversationId)).toMatchObject({ handledBy: "waiting", changed: true });
      expect(await carryOutHandoff(context, job.conversationId)).toMatchObject({ changed: false });
      expect(await readJob(pool, job.id)).toMatchObject({ status: "completed", handledBy: "waiting" });
    });

    it("that is due keeps the end of a job from handing on the next", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const first = await startConversation(pool);
      await followUp(pool, first.conversationId);
      const end = { status: "failed", errorCode: "deadline", handoffAfter: 1 } as const;
      expect(await storeJobEnd(pool, { job: await claim(pool, first.id), end })).toEqual({
        nextJobId: null,
        handoffDue: true,
      });
    });

    it("follows so many failed replies in a row", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const first = await startConversation(pool);
      const fail = async (jobId: string, status: "failed" | "completed") => {
        const end = {
          ...(status === "failed" ? { status, errorCode: "deadline" as const } : completed()),
          handoffAfter: 2,
        };
        await endJob(context, await claim(pool, jobId), end);
        return (await readConversationColumns(pool, first.conversationId))["handled_by"];
      };
      expect(await fail(first.id, "failed")).toBe("ai");
      expect(await fail((await followUp(pool, first.conversationId)).id, "completed")).toBe("ai");
      expect(await fail((await followUp(pool, first.conversationId)).id, "failed")).toBe("ai");
      const last = await followUp(pool, first.conversationId);
      const waiting = await followUp(pool, first.conversationId);
      expect(await fail(last.id, "failed")).toBe("waiting");
      expect(await readJob(pool, waiting.id)).toMatchObject({ status: "completed", handledBy: "waiting" });
      expect(await retryJob(context, last.id)).toEqual({ retried: false, reason: "handled" });
    });
  });

  describe.runIf(available)("handing back", () => {
    it("answers the newest message if nobody has, once, and knows what was said", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const job = await startWriting(context);
      const operator = await addOperator(pool);
      const message = {
        id: v7(),
        text: "Which order?",
        operatorId: operator.id,
        idempotencyHash: null,
        requestHash: null,
      };
      await takeOver(context, job.conversationId, { ...taking(operator.id), message });
      await followUp(pool, job.conversationId, { text: "The red one." });
      const leaving = { to: "ai", operatorId: operator.id, force: false, requestId: "request-2" } as const;
      const ana = await addOperator(pool);
      expect(await release(context, job.conversationId, { ...leaving, operatorId: ana.id })).toMatchObject({
        type: "handled",
      });
      expect(await release(context, job.conversationId, leaving)).toMatchObject({ handledBy: "ai", changed: true });
      expect(await release(context, job.conversationId, leaving)).toMatchObject({ handledBy: "ai", changed: false });
      const [made, ...others] = await openJobs(pool, job.conversationId);
      expect(others).toEqual([]);
      const { history } = await claim(pool, made ?? "");
      expect(history.map(({ sender, text }) => `${sender}: ${text}`)).toEqual([
        "user: a question",
        "ai: One two ",
        "operator: Which order?",
        "user: The red one.",
      ]);
      await context.dispatcher.settled();
      expect(await context.queue.bull.getJobState(made ?? "")).not.toBe("unknown");
    });

    it("leaves one job for a message whose first one failed: a retry would answer it twice", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const failed = await startWriting(context);
      await endJob(context, failed.claimed, { status: "failed", errorCode: "deadline" });
      await ask(context, failed);
      await withdrawHandoff(context, failed.conversationId, null);
      expect(await retryJob(context, failed.id)).toEqual({ retried: false, reason: "later_answered" });
      const [made] = await openJobs(pool, failed.conversationId);
      await endJob(context, await claim(pool, made ?? ""), completed("The answer."));
      expect(await retryJob(context, failed.id)).toEqual({ retried: false, reason: "later_answered" });
      expect(await messageLines(pool, failed.conversationId)).toEqual(["user: a question", "ai: The answer."]);
    });

    it("makes no job for what was answered, or is being answered", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const [answered, running] = [await startWriting(context), await startWriting(context)];
      const operator = await addOperator(pool);
      await takeOver(context, answered.conversationId, taking(operator.id));
      await close(context, answered.conversationId, { operatorId: operator.id, force: false });
      await ask(context, running);
      expect(await withdrawHandoff(context, running.conversationId, null)).toMatchObject({ handledBy: "ai" });
      expect(await openJobs(pool, answered.conversationId)).toEqual([]);
      expect(await openJobs(pool, running.conversationId)).toEqual([running.id]);
      expect(await endJob(context, running.claimed, completed())).toBe(true);
    });

    it("to the queue leaves it waiting; to withdraw is refused while a person has it", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const { conversationId } = await startConversation(pool);
      const operator = await addOperator(pool);
      const leaving = { operatorId: operator.id, force: false, requestId: null };
      expect(await release(context, conversationId, { ...leaving, to: "queue" })).toMatchObject({ type: "not_theirs" });
      await takeOver(context, conversationId, taking(operator.id));
      expect(await withdrawHandoff(context, conversationId, null)).toMatchObject({ type: "handled" });
      expect(await release(context, conversationId, { ...leaving, to: "queue" })).toMatchObject({
        handledBy: "waiting",
      });
      expect(await withdrawHandoff(context, conversationId, null)).toMatchObject({ handledBy: "ai", changed: true });
      expect(await withdrawHandoff(context, conversationId, null)).toMatchObject({ handledBy: "ai", changed: false });
    });

    it("by closing ends the exchange until the visitor writes again", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const { conversationId } = await startWriting(context);
      const operator = await addOperator(pool);
      await takeOver(context, conversationId, taking(operator.id));
      await followUp(pool, conversationId);
      const leaving = { operatorId: operator.id, force: false };
      expect(await close(context, conversationId, leaving)).toMatchObject({ handledBy: "ai", changed: true });
      expect(await close(context, conversationId, leaving)).toMatchObject({ changed: false });
      expect(await openJobs(pool, conversationId)).toEqual([]);
      expect((await readConversationColumns(pool, conversationId))["closed_at"]).not.toBeNull();
      const next = await followUp(pool, conversationId);
      expect(next.head).toBe(true);
      expect((await readConversationColumns(pool, conversationId))["closed_at"]).toBeNull();
    });

    it("leaves the stretches as history, without gaps", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const { conversationId } = await startConversation(pool);
      const operator = await addOperator(pool);
      await handOff(context, conversationId, { reason: "asked" });
      await takeOver(context, conversationId, taking(operator.id));
      await release(context, conversationId, { to: "ai", operatorId: operator.id, force: false, requestId: null });
      const { rows } = await pool.query<{ line: string }>(
        `select concat_ws(' ', no, handled_by, reason, ended_at = lead(began_at) over (order by no)) as line
         from stretches where conversation_id = $1 order by no`,
        [conversationId],
      );
      expect(rows.map(({ line }) => line)).toEqual([
        "0 ai t",
        "1 waiting asked t",
        "2 operator taken t",
        "3 ai released",
      ]);
    });
  });

  it.runIf(available)("takes 20 messages that nobody answers, and then no more", async () => {
    await using context = await openContext();
    const { pool } = context.db;
    const { conversationId } = await startConversation(pool);
    const operator = await addOperator(pool);
    await takeOver(context, conversationId, taking(operator.id));
    for (let count = 0; count < 20; count += 1) await followUp(pool, conversationId);
    expect(await appendMessage(pool, followingMessage(conversationId))).toBeUndefined();
    const message = { id: v7(), text: "Here I am.", operatorId: operator.id, idempotencyHash: null, requestHash: null };
    await takeOver(context, conversationId, { ...taking(operator.id), message });
    expect(await appendMessage(pool, followingMessage(conversationId))).toMatchObject({ handledBy: "operator" });
  });
});

describe.runIf(redisAvailable)("a take-over while Redis is down", () => {
  it("goes on without the text, which the worker hands in once", async () => {
    await using context = await openJobsOnRedis();
    const { pool } = context.db;
    const job = await startWriting(context);
    const operator = await addOperator(pool);
    await context.redis.kill();
    expect(await takeOver(context, job.conversationId, taking(operator.id))).toMatchObject({ handledBy: "operator" });
    expect(await messageLines(pool, job.conversationId)).toEqual(["user: a question"]);
    const handIn = () => handInCut(pool, { ...job, jobId: job.id, attempt: 1, replyId: v7(), text: "One two " });
    expect(await handIn()).toBe(true);
    expect(await handIn()).toBe(false);
    expect(await messageLines(pool, job.conversationId)).toEqual(["user: a question", "ai: One two "]);
    expect((await eventLines(pool, job.conversationId)).at(-1)).toBe("message ai");
  });

  it("is handed nothing in once the AI has the conversation again and answers the message", async () => {
    await using context = await openJobsOnRedis();
    const { pool } = context.db;
    const job = await startWriting(context);
    const operator = await addOperator(pool);
    await context.redis.kill();
    await takeOver(context, job.conversationId, taking(operator.id));
    await release(context, job.conversationId, { to: "ai", operatorId: operator.id, force: false, requestId: null });
    expect(await handInCut(pool, { ...job, jobId: job.id, attempt: 1, replyId: v7(), text: "One two " })).toBe(false);
    const [made] = await openJobs(pool, job.conversationId);
    expect(await endJob(context, await claim(pool, made ?? ""), completed("The answer."))).toBe(true);
    expect(await messageLines(pool, job.conversationId)).toEqual(["user: a question", "ai: The answer."]);
  });

  it("is handed nothing in after 15 s, nor where it had the text", async () => {
    await using context = await openJobsOnRedis();
    const { pool } = context.db;
    const [late, whole] = [await startWriting(context), await startWriting(context)];
    const operator = await addOperator(pool);
    await takeOver(context, whole.conversationId, taking(operator.id));
    await context.redis.kill();
    await takeOver(context, late.conversationId, taking(operator.id));
    await pool.query("update jobs set finished_at = finished_at - interval '16 s' where id = $1", [late.id]);
    for (const job of [late, whole]) {
      expect(await handInCut(pool, { ...job, jobId: job.id, attempt: 1, replyId: v7(), text: "One two " })).toBe(false);
    }
  });
});
