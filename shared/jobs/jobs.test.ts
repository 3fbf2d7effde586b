import { describe, expect, it, onTestFinished } from "vitest";
import { storeJobEnd } from "../db/jobs/end.ts";
import { readJob } from "../db/jobs/read-job.ts";
import { readTombstones } from "../db/conversations/erasure.ts";
import type { Hint } from "../live/live.ts";
import { claim, completed, followUp, startConversation } from "../testing/fixtures/conversations.ts";
import { jobStores, openJobsOnRedis, type TestJobContext } from "../testing/fixtures/job-context.ts";
import { redisAvailable } from "../testing/stores/redis.ts";
import { cancelJob } from "./cancel-job.ts";
import { deleteConversation, eraseLeftovers } from "./delete-conversation.ts";
import { endJob } from "./end-job.ts";

async function submit(context: TestJobContext) {
  const job = await startConversation(context.db.pool);
  await context.queue.enqueue([job.id]);
  return job;
}

async function hintsOf({ live }: TestJobContext, jobId: string): Promise<Hint[]> {
  const hints: Hint[] = [];
  onTestFinished(await live.listen(jobId, (hint) => hints.push(hint)));
  return hints;
}

async function heardCancels({ live }: TestJobContext): Promise<string[]> {
  const heard: string[] = [];
  onTestFinished(await live.listenForCancels((jobId) => heard.push(jobId)));
  return heard;
}

async function stateInQueue({ queue, dispatcher }: TestJobContext, jobId: string): Promise<string> {
  await dispatcher.settled();
  return queue.bull.getJobState(jobId);
}

describe.each(jobStores)("life of a job on $name", ({ available, openJobs }) => {
  describe.runIf(available)("its end", () => {
    it("enqueues the conversation's next job, notifies followers, and drops the draft", async () => {
      await using context = await openJobs();
      const first = await submit(context);
      const second = await followUp(context.db.pool, first.conversationId);
      expect(await stateInQueue(context, second.id)).toBe("unknown");
      const claimed = await claim(context.db.pool, first.id);
      await context.live.append({ jobId: first.id, attempt: 1, offset: 0, text: "an answer" });
      const hints = await hintsOf(context, first.id);

      expect(await endJob(context, claimed, completed("an answer"))).toBe(true);
      expect(await stateInQueue(context, second.id)).toBe("waiting");
      await expect.poll(() => hints).toContainEqual({ type: "change" });
      await expect.poll(() => context.live.readDraft(first.id, 1, 0)).toBeUndefined();
      expect(await readJob(context.db.pool, first.id)).toMatchObject({ status: "completed", replyText: "an answer" });
    });

    it("is completed by a repeat if the first response was lost", async () => {
      await using context = await openJobs();
      const first = await submit(context);
      const second = await followUp(context.db.pool, first.conversationId);
      const claimed = await claim(context.db.pool, first.id);
      const end = completed("an answer");
      // Written, and the worker has not heard of it.
      expect(await storeJobEnd(context.db.pool, { job: claimed, end })).toEqual({
        nextJobId: second.id,
        handoffDue: false,
      });
      expect(await stateInQueue(context, second.id)).toBe("unknown");
      expect(await endJob(context, claimed, end)).toBe(true);
      expect(await stateInQueue(context, second.id)).toBe("waiting");
      expect(await endJob(context, claimed, completed("another answer"))).toBe(false);
    });

    it("does nothing for a stale attempt", async () => {
      await using context = await openJobs();
      const first = await submit(context);
      const second = await followUp(context.db.pool, first.conversationId);
      const claimed = await claim(context.db.pool, first.id);
      await context.live.append({ jobId: first.id, attempt: 1, offset: 0, text: "an answer" });
      expect(await endJob(context, { ...claimed, attempt: 2 }, completed())).toBe(false);
      expect(await endJob(context, claimed, completed(), { orphan: true })).toBe(false);
      expect(await stateInQueue(context, second.id)).toBe("unknown");
      expect(await context.live.readDraft(first.id, 1, 0)).toBeDefined();
    });
  });

  describe.runIf(available)("a cancel", () => {
    it("of a queued job ends it, removes it from the queue, and enqueues the next one", async () => {
      await using context = await openJobs();
      const first = await submit(context);
      const second = await followUp(context.db.pool, first.conversationId);
      const hints = await hintsOf(context, first.id);
      expect(await cancelJob(context, first)).toBe("cancelled");
      expect(await stateInQueue(context, second.id)).toBe("waiting");
      await expect.poll(() => stateInQueue(context, first.id)).toBe("unknown");
      await expect.poll(() => hints).toContainEqual({ type: "change" });
      expect(await readJob(context.db.pool, first.id)).toMatchObject({ status: "cancelled", errorCode: "cancelled" });
    });

    it("of an active job notifies its worker, repeatedly, and of an ended job reports that", async () => {
      await using context = await openJobs();
      const job = await submit(context);
      const claimed = await claim(context.db.pool, job.id);
      const heard = await heardCancels(context);
      expect(await cancelJob(context, job)).toBe("stopping");
      expect(await cancelJob(context, job)).toBe("stopping");
      await expect.poll(() => heard).toEqual([job.id, job.id]);
      await endJob(context, claimed, { status: "cancelled", errorCode: "cancelled" });
      expect(await cancelJob(context, job)).toBe("ended");
    });
  });

  describe.runIf(available)("deleting its conversation", () => {
    it("notifies followers and worker and leaves its leftovers to be erased", async () => {
      await using context = await openJobs();
      const first = await submit(context);
      const second = await followUp(context.db.pool, first.conversationId);
      await claim(context.db.pool, first.id);
      await context.live.append({ jobId: first.id, attempt: 1, offset: 0, text: "half an" });
      await context.queue.enqueue([second.id]);
      const heard = await heardCancels(context);
      const hints = await hintsOf(context, second.id);

      expect(await deleteConversation(context, first.conversationId)).toBe(true);
      expect(await deleteConversation(context, first.conversationId)).toBe(false);
      await expect.poll(() => heard).toContain(first.id);
      await expect.poll(() => hints).toContainEqual({ type: "change" });

      await context.db.pool.query("update conversations set deleted_at = deleted_at - interval '3 s'");
      const [leftovers] = await readTombstones(context.db.pool);
      if (!leftovers) throw new Error("there is a tombstone");
      for (let time = 0; time < 2; time += 1) {
        await eraseLeftovers(context, leftovers);
        expect(await context.live.readDraft(first.id, 1, 0)).toBeUndefined();
        expect(await stateInQueue(context, first.id)).toBe("unknown");
        expect(await stateInQueue(context, second.id)).toBe("unknown");
        expect(await readTombstones(context.db.pool)).toEqual([]);
      }
    });
  });
});

describe.runIf(redisAvailable)("life of a job while Redis is down", () => {
  it("continues: ends and cancels are written, deletions are settled later", async () => {
    await using context = await openJobsOnRedis();
    const [ended, cancelled, deleted] = [await submit(context), await submit(context), await submit(context)];
    const claimed = await claim(context.db.pool, ended.id);
    await context.redis.kill();
    expect(await endJob(context, claimed, completed())).toBe(true);
    expect(await cancelJob(context, cancelled)).toBe("cancelled");
    expect(await deleteConversation(context, deleted.conversationId)).toBe(true);
    await context.db.pool.query("update conversations set deleted_at = deleted_at - interval '3 s'");
    const [leftovers] = await readTombstones(context.db.pool);
    expect(leftovers).toMatchObject({ conversationId: deleted.conversationId });
    const erased = leftovers && eraseLeftovers(context, leftovers).then(() => "erased", String);
    expect(await erased).toContain("Error");
    expect(await readTombstones(context.db.pool)).toEqual([leftovers]);
    await context.dispatcher.settled();
  });
});
