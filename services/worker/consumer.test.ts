import { describe, expect, it, onTestFinished } from "vitest";
import { readJob } from "../../shared/db/jobs/read-job.ts";
import type { BullWorkerOptions, QueueBackend } from "../../shared/queue/backend.ts";
import { startConversation } from "../../shared/testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../../shared/testing/fixtures/job-context.ts";
import { startConsumer } from "./consumer.ts";
import { hangsAfter, openWorker, says, type TestWorker } from "./worker-fixture.testsuite.ts";

describe.each(jobStores)("a consumer on $name", ({ available, openJobs }) => {
  describe.runIf(available)("that must leave", () => {
    it("passes its job on at once, though the queue gave the entry to another that waits for the lease", async () => {
      const jobs = await openJobs();
      onTestFinished(() => jobs[Symbol.asyncDispose]());
      const { id } = await startConversation(jobs.db.pool);
      await jobs.queue.enqueue([id]);
      const stream = (_: unknown, signal: AbortSignal) => hangsAfter("Half an", signal);
      const checksOften = { stalledInterval: 100 };
      // As a process that is starved of its processor for longer than the queue's lock lasts.
      const neverRenews = { ...checksOften, lockDuration: 300, lockRenewTime: 60_000 };
      const leaver = await consume(jobs, openWorker(jobs, { stream }), neverRenews);
      await expect.poll(() => jobs.live.readDraft(id, 1, 0), { interval: 5 }).toBeDefined();
      await consume(jobs, openWorker(jobs, { stream: () => says("An answer.") }), checksOften);
      await expect.poll(() => jobs.queue.bull.getJobState(id), { timeout: 5000 }).toBe("delayed");

      await leaver.close(0);
      // Well before the end of the lease.
      await expect
        .poll(() => readJob(jobs.db.pool, id), { timeout: 5000 })
        .toMatchObject({
          status: "completed",
          attempt: 2,
          replyText: "An answer.",
        });
    });
  });
});

async function consume(jobs: TestJobContext, worker: TestWorker, lock: Partial<BullWorkerOptions>) {
  const { backend } = jobs;
  const openLocked: QueueBackend["openWorker"] = (processor, options) =>
    backend.openWorker(processor, { ...options, ...lock });
  const consumer = await startConsumer(worker, { ...backend, openWorker: openLocked });
  onTestFinished(() => consumer.close(0));
  return consumer;
}
