import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { readSnapshots, releaseJob } from "../../shared/db/jobs/claim.ts";
import { readConversation, readMessages } from "../../shared/db/conversations/conversations.ts";
import { requestCancel, storeJobEnd } from "../../shared/db/jobs/end.ts";
import { readJob } from "../../shared/db/jobs/read-job.ts";
import { deleteConversation } from "../../shared/jobs/delete-conversation.ts";
import { claim, followUp, loseLease, startConversation } from "../../shared/testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../../shared/testing/fixtures/job-context.ts";
import { maxCrashes } from "../../shared/tunables.ts";
import { deliver } from "./deliver.ts";
import { ProviderError, type ProviderEvent } from "./providers/provider.ts";
import { hangsAfter, openWorker, says, stopped } from "./worker-fixture.testsuite.ts";

let jobs: TestJobContext;
afterEach(() => jobs[Symbol.asyncDispose]());

describe.each(jobStores)("delivery on $name", ({ available, openJobs }) => {
  describe.runIf(available)("of a claimable job", () => {
    it("stores a reply, keeps the order, and enqueues the next job", async () => {
      jobs = await openJobs();
      const worker = openWorker(jobs, { stream: () => says("né ", "\ud83d", "\ude42", "\0!") });
      const first = await startConversation(jobs.db.pool, { text: "one" });
      const second = await followUp(jobs.db.pool, first.conversationId, { text: "two" });
      expect(await deliver(worker, second.id)).toMatchObject({ type: "done" });
      expect(await deliver(worker, first.id)).toMatchObject({ type: "done" });
      await jobs.dispatcher.settled();
      expect(await jobs.queue.bull.getJobState(second.id)).toBe("waiting");
      const page = await readMessages(jobs.db, first.conversationId, { limit: 10 });
      expect(page?.messages.map(({ text }) => text)).toEqual(["one", "né 🙂!", "two"]);
      expect(await readJob(jobs.db.pool, first.id)).toMatchObject({
        status: "completed",
        provider: "compatible",
        inputTokens: 1,
        outputTokens: 2,
        replyFinishReason: "stop",
        replyFallback: false,
      });
      // Each delivery of an ended job gets the same result.
      expect(await deliver(worker, first.id)).toMatchObject({ type: "done" });
      expect((await readMessages(jobs.db, first.conversationId, { limit: 10 }))?.messages).toHaveLength(3);
    });

    it("calls no provider while its assistant is paused, and leaves the conversation to people", async () => {
      jobs = await openJobs();
      const worker = openWorker(jobs, {
        stream: () => {
          throw new Error("no provider is to be called");
        },
      });
      const { id } = await startConversation(jobs.db.pool);
      await jobs.db.pool.query("insert into assistant_pauses (assistant_type) values ('default')");
      expect(await deliver(worker, id)).toEqual({ type: "done" });
      expect(await readJob(jobs.db.pool, id)).toMatchObject({
        status: "completed",
        handledBy: "waiting",
        replyId: null,
      });
    });

    it("keeps the text so far when the job is cancelled", async () => {
      jobs = await openJobs();
      const worker = openWorker(jobs, { stream: (_, signal) => hangsAfter("half an", signal) });
      const { id } = await startConversation(jobs.db.pool);
      const delivery = deliver(worker, id);
      await expect.poll(() => jobs.live.readDraft(id, 1, 0), { interval: 5 }).toBeDefined();
      await requestCancel(jobs.db.pool, id);
      await worker.leases.hearCancel(id);
      expect(await delivery).toMatchObject({ type: "done" });
      expect(await readJob(jobs.db.pool, id)).toMatchObject({
        status: "cancelled",
        replyText: "half an",
        replyFinishReason: "cancelled",
      });
    });

    it("leaves time for the next provider when the first hangs, and does not skip that from then on", async () => {
      jobs = await openJobs();
      const hangs = async function* (said: ProviderEvent[], signal: AbortSignal): AsyncGenerator<ProviderEvent> {
        yield* said;
        await stopped(signal);
        throw signal.reason as Error;
      };
      // Each lets seconds pass.
      await Promise.all(
        Object.entries<ProviderEvent[]>({
          "it says nothing": [],
          "it thinks": [{ type: "progress", sign: "work" }],
          "it has stalled in its reply": [{ type: "delta", text: "So far" }],
        }).map(async ([how, said]) => {
          const worker = openWorker(jobs, {
            stream: (_request, signal) => hangs(said, signal),
            upstream: "http://127.0.0.1:1",
            next: { name: "openai", upstream: "http://127.0.0.1:1", stream: () => says("Here I am.") },
            deadlineMs: 8_000,
          });
          const { id } = await startConversation(jobs.db.pool);
          expect(await deliver(worker, id), how).toMatchObject({ type: "done" });
          expect(await readJob(jobs.db.pool, id), how).toMatchObject({
            status: "completed",
            provider: "openai",
            replyText: "Here I am.",
            replyFallback: true,
          });
          expect(worker.circuits.open, how).toEqual([]);
        }),
      );
    });

    it("releases the job at shutdown; the next run restarts it and no crash is counted", async () => {
      jobs = await openJobs();
      const leaving = openWorker(jobs, { stream: (_, signal) => hangsAfter("half an", signal) });
      const { id } = await startConversation(jobs.db.pool);
      const delivery = deliver(leaving, id);
      await expect.poll(() => jobs.live.readDraft(id, 1, 0), { interval: 5 }).toBeDefined();
      leaving.leases.stopAll("released");
      expect(await delivery).toMatchObject({ type: "back" });
      await leaving.leases.idle();

      const next = openWorker(jobs);
      next.forbidTakeOvers();
      expect(await deliver(next, id)).toMatchObject({ type: "done" });
      expect(await readJob(jobs.db.pool, id)).toMatchObject({
        status: "completed",
        replyText: "An answer.",
        attempt: 2,
      });
      expect(await readSnapshots(jobs.db.pool, [id], { reclaim: true })).toMatchObject([{ crashes: 0 }]);
    });

    it("stops writing when the conversation is deleted and leaves no draft", async () => {
      jobs = await openJobs();
      const worker = openWorker(jobs, { stream: (_, signal) => hangsAfter("half an", signal) });
      const { id, conversationId } = await startConversation(jobs.db.pool);
      const delivery = deliver(worker, id);
      await expect.poll(() => jobs.live.readDraft(id, 1, 0), { interval: 5 }).toBeDefined();
      await deleteConversation(jobs, conversationId);
      await worker.leases.hearCancel(id);
      expect(await delivery).toMatchObject({ type: "done" });
      expect(await readJob(jobs.db.pool, id)).toMatchObject({ status: "cancelled", replyText: null });
      expect(await readConversation(jobs.db.pool, conversationId)).toBeUndefined();
      await expect.poll(() => jobs.live.readDraft(id, 1, 0), { interval: 5 }).toBeUndefined();
    });

    it("drops half a character of a failed call when cancelled before the next one", async () => {
      jobs = await openJobs();
      async function* breaking(): AsyncGenerator<ProviderEvent> {
        yield { type: "delta", text: "almost \ud83d" };
        await requestCancel(jobs.db.pool, id);
        throw new ProviderError("overloaded", "cut", { retryAfterMs: 4000 });
      }
      const worker = openWorker(jobs, { stream: () => breaking() });
      const { id } = await startConversation(jobs.db.pool);
      const delivery = deliver(worker, id);
      await expect
        .poll(async () => (await readSnapshots(jobs.db.pool, [id], { reclaim: true }))[0]?.cancelRequested)
        .toBe(true);
      await worker.leases.hearCancel(id);
      expect(await delivery).toMatchObject({ type: "done" });
      expect(await readJob(jobs.db.pool, id)).toMatchObject({ status: "cancelled", replyText: "almost " });
    });

    it("leaves no call row if the circuit opened while it was written", async () => {
      jobs = await openJobs();
      const { pool } = jobs.db;
      let asked = 0;
      const stream = () => {
        asked += 1;
        return says("An answer.");
      };
      const worker = openWorker(jobs, { stream, upstream: "http://127.0.0.1:1" });
      onTestFinished(() => worker.circuits.close());
      const { id } = await startConversation(pool);
      const blocker = await pool.connect();
      await blocker.query("begin");
      await blocker.query("lock table calls in exclusive mode");
      const delivery = deliver(worker, id);
      const waiting = `select from pg_locks join pg_database on pg_database.oid = database
        where not granted and relation = 'calls'::regclass and datname = current_database()`;
      await expect.poll(async () => (await pool.query(waiting)).rowCount, { interval: 5 }).toBeGreaterThan(0);
      const provider = worker.providers.get("compatible");
      if (!provider) throw new Error("it has none");
      const timesOut = () => Promise.reject(new ProviderError("timeout", "no first token"));
      await worker.circuits
        .of(provider)
        .run(timesOut, () => false)
        .catch(() => undefined);
      await blocker.query("commit");
      blocker.release();
      expect(await delivery).toMatchObject({ type: "done" });
      expect(await readJob(pool, id)).toMatchObject({ status: "completed", replyText: "We are busy." });
      expect(asked).toBe(0);
      expect((await pool.query("select from calls where job_id = $1", [id])).rowCount).toBe(0);
    });

    it("keeps late text of a call out of the next attempt", async () => {
      jobs = await openJobs();
      async function* deaf(signal: AbortSignal): AsyncGenerator<ProviderEvent> {
        yield { type: "delta", text: "too \ud83d" };
        await stopped(signal);
        await expect.poll(() => readJob(jobs.db.pool, id), { interval: 5 }).toMatchObject({ attempt: 2 });
        yield { type: "delta", text: "late" };
      }
      const worker = openWorker(jobs, { stream: (_, signal) => deaf(signal), deadlineMs: 100, wordMs: 50 });
      const { id } = await startConversation(jobs.db.pool);
      expect(await deliver(worker, id)).toMatchObject({ type: "done" });
      expect(await readJob(jobs.db.pool, id)).toMatchObject({
        status: "completed",
        attempt: 2,
        replyText: "We are busy.",
        replyFallback: true,
      });
    });
  });

  describe.runIf(available)("of an unclaimable job", () => {
    it("completes if the job is unknown or is not the head", async () => {
      jobs = await openJobs();
      const worker = openWorker(jobs);
      const first = await startConversation(jobs.db.pool);
      const second = await followUp(jobs.db.pool, first.conversationId);
      expect(await deliver(worker, first.conversationId)).toMatchObject({ type: "done" });
      expect(await deliver(worker, second.id)).toMatchObject({ type: "done" });
      expect(await readJob(jobs.db.pool, second.id)).toMatchObject({ status: "queued" });
    });

    it("is delayed until another worker's lease expires", async () => {
      jobs = await openJobs();
      const worker = openWorker(jobs);
      const { id } = await startConversation(jobs.db.pool);
      await claim(jobs.db.pool, id);
      const later = await deliver(worker, id);
      expect(later).toMatchObject({ type: "later" });
      expect(later.type === "later" && later.delayMs).toBeGreaterThan(14_000);
      expect(later.type === "later" && later.delayMs).toBeLessThan(15_200);

      await loseLease(jobs.db.pool, id);
      worker.forbidTakeOvers();
      expect(await deliver(worker, id)).toEqual({ type: "later", delayMs: 1000 });
    });

    it("fails the job after three crashes, but not while its worker may only be cut off", async () => {
      jobs = await openJobs();
      const worker = openWorker(jobs);
      const { id } = await startConversation(jobs.db.pool);
      for (let run = 0; run < maxCrashes; run += 1) {
        await claim(jobs.db.pool, id);
        await loseLease(jobs.db.pool, id);
      }
      worker.forbidTakeOvers();
      expect(await deliver(worker, id)).toEqual({ type: "later", delayMs: 1000 });
      expect(await readJob(jobs.db.pool, id)).toMatchObject({ status: "active" });
      expect(await deliver(openWorker(jobs), id)).toMatchObject({
        type: "failed",
        reason: expect.stringMatching(/^workers_died: /) as string,
      });
      expect(await readJob(jobs.db.pool, id)).toMatchObject({ status: "failed", errorCode: "workers_died" });
    });

    it("retries a failed job whose entry an operator put back, tells its followers, and leaves the queue alone", async () => {
      jobs = await openJobs();
      const worker = openWorker(jobs);
      const { id } = await startConversation(jobs.db.pool);
      const job = await claim(jobs.db.pool, id);
      await storeJobEnd(jobs.db.pool, { job, end: { status: "failed", errorCode: "provider_unavailable" } });
      const hints: string[] = [];
      const leave = await jobs.live.listen(id, ({ type }) => hints.push(type));
      onTestFinished(leave);
      expect(await deliver(worker, id)).toMatchObject({ type: "failed" });
      expect(hints).toEqual([]);
      expect(await deliver(worker, id, true)).toMatchObject({ type: "done" });
      expect(await readJob(jobs.db.pool, id)).toMatchObject({ status: "completed", attempt: 2 });
      await expect.poll(() => hints).toEqual(expect.arrayContaining(["change", "delta", "change"]));
      expect(hints.at(0)).toBe("change");
      expect(await jobs.queue.bull.getJobState(id)).toBe("unknown");
      expect(await deliver(worker, id, true)).toMatchObject({ type: "done" });
    });

    it("ends the job as cancelled with the remaining text if its crashed worker was asked to cancel", async () => {
      jobs = await openJobs();
      const worker = openWorker(jobs);
      const written = await startConversation(jobs.db.pool);
      const silent = await startConversation(jobs.db.pool);
      for (const { id } of [written, silent]) {
        await claim(jobs.db.pool, id);
        await requestCancel(jobs.db.pool, id);
      }
      await jobs.live.append({ jobId: written.id, attempt: 1, offset: 0, text: "half an" });
      await loseLease(jobs.db.pool, written.id);
      await releaseJob(jobs.db.pool, silent.id, 1);
      worker.forbidTakeOvers();
      // Given back is given back; whose lease ran out may live.
      expect(await deliver(worker, silent.id)).toMatchObject({ type: "done" });
      expect(await readJob(jobs.db.pool, silent.id)).toMatchObject({ status: "cancelled", replyId: null });
      expect(await deliver(worker, written.id)).toMatchObject({ type: "later" });
      expect(await deliver(openWorker(jobs), written.id)).toMatchObject({ type: "done" });
      expect(await readJob(jobs.db.pool, written.id)).toMatchObject({ status: "cancelled", replyText: "half an" });
    });
  });
});
