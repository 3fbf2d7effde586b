import { afterEach, describe, expect, it } from "vitest";
import { releaseJob } from "../../../shared/db/jobs/claim.ts";
import { storeTombstone, readTombstones } from "../../../shared/db/conversations/erasure.ts";
import { requestCancel } from "../../../shared/db/jobs/end.ts";
import { readJob } from "../../../shared/db/jobs/read-job.ts";
import { draftTtlSeconds, maxCrashes } from "../../../shared/tunables.ts";
import { markDue, takeDueJobs } from "../../../shared/db/jobs/reconcile.ts";
import { claim, followUp, loseLease, startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { jobStores, openJobsOnRedis, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { recordingLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import { reconcile, startReconciler } from "./reconcile.ts";
import { openWorker } from "../worker-fixture.testsuite.ts";

let jobs: TestJobContext;
afterEach(() => jobs[Symbol.asyncDispose]());

async function waiting(): Promise<number> {
  return (await jobs.queue.counts()).waiting;
}

describe.each(jobStores)("reconciler on $name", ({ available, openJobs }) => {
  it.runIf(available)("enqueues heads missing from the queue and nothing else", async () => {
    jobs = await openJobs();
    const worker = openWorker(jobs);
    const lost = await startConversation(jobs.db.pool);
    await followUp(jobs.db.pool, lost.conversationId);
    const held = await startConversation(jobs.db.pool);
    await jobs.queue.enqueue([held.id]);
    const fresh = await startConversation(jobs.db.pool);
    await markDue(jobs.db.pool, [lost.id, held.id]);
    await reconcile(worker);
    expect(await jobs.queue.bull.getJobState(lost.id)).toBe("waiting");
    expect(await jobs.queue.bull.getJobState(fresh.id)).toBe("unknown");
    expect(await waiting()).toBe(2);
    await reconcile(worker);
    expect(await waiting()).toBe(2);
  });

  it.runIf(available)("delivers jobs of crashed workers again, or ends them where required", async () => {
    jobs = await openJobs();
    const worker = openWorker(jobs);
    const [died, givenBack, alive, cancelled, deadly] = await Promise.all(
      Array.from({ length: 5 }, () => startConversation(jobs.db.pool)),
    );
    if (!died || !givenBack || !alive || !cancelled || !deadly) throw new Error("all five are there");
    for (const { id } of [died, givenBack, alive, cancelled]) await claim(jobs.db.pool, id);
    await releaseJob(jobs.db.pool, givenBack.id, 1);
    await requestCancel(jobs.db.pool, cancelled.id);
    for (let run = 0; run < maxCrashes; run += 1) {
      await claim(jobs.db.pool, deadly.id);
      await loseLease(jobs.db.pool, deadly.id);
    }
    for (const { id } of [died, cancelled]) await loseLease(jobs.db.pool, id);

    worker.forbidTakeOvers();
    await reconcile(worker);
    expect(await waiting()).toBe(0);

    await reconcile(openWorker(jobs));
    const states = [died, givenBack, alive].map(({ id }) => jobs.queue.bull.getJobState(id));
    expect(await Promise.all(states)).toEqual(["waiting", "waiting", "unknown"]);
    expect(await readJob(jobs.db.pool, cancelled.id)).toMatchObject({ status: "cancelled" });
    expect(await readJob(jobs.db.pool, deadly.id)).toMatchObject({ status: "failed", errorCode: "workers_died" });
  });

  it.runIf(available)("adds a second entry when the queue holds an entry for a worker that lost the job", async () => {
    jobs = await openJobs();
    const worker = openWorker(jobs);
    const { id } = await startConversation(jobs.db.pool);
    await claim(jobs.db.pool, id);
    await jobs.queue.bull.add("answer", {}, { jobId: id, delay: 3_600_000 });
    await loseLease(jobs.db.pool, id);
    await reconcile(worker);
    expect(await jobs.queue.counts()).toMatchObject({ waiting: 0, delayed: 1 });

    await jobs.db.pool.query("update jobs set lease_until = now() - interval '6 s' where id = $1", [id]);
    await Promise.all([reconcile(worker), reconcile(worker)]);
    expect(await jobs.queue.counts()).toMatchObject({ waiting: 1, delayed: 1 });
    expect(await jobs.queue.bull.getJobState(`${id}.1`)).toBe("waiting");
  });

  it.runIf(available)("erases what a deleted conversation left in the queue and the drafts", async () => {
    jobs = await openJobs();
    const { id, conversationId } = await startConversation(jobs.db.pool);
    await jobs.queue.enqueue([id]);
    await claim(jobs.db.pool, id);
    await jobs.live.append({ jobId: id, attempt: 1, offset: 0, text: "half an" });
    await storeTombstone(jobs.db.pool, conversationId);
    await jobs.db.pool.query("update conversations set deleted_at = deleted_at - interval '3 s'");
    await reconcile(openWorker(jobs));
    expect(await jobs.queue.bull.getJobState(id)).toBe("unknown");
    expect(await jobs.live.readDraft(id, 1, 0)).toBeUndefined();
    expect(await readTombstones(jobs.db.pool)).toEqual([]);
  });

  it.runIf(available)(
    "drops the drafts that PostgreSQL kept for longer than their lifetime, and no others",
    async () => {
      jobs = await openJobs();
      const { pool } = jobs.db;
      const kept = await startConversation(pool);
      const stale = await startConversation(pool);
      await pool.query("insert into drafts (job_id, attempt, text) values ($1, 1, 'text'), ($2, 1, 'text')", [
        kept.id,
        stale.id,
      ]);
      await pool.query("update drafts set updated_at = now() - make_interval(secs => $1) where job_id = $2", [
        draftTtlSeconds + 1,
        stale.id,
      ]);
      const stop = startReconciler(openWorker(jobs));
      const left = async () => (await pool.query<{ id: string }>("select job_id as id from drafts")).rows;
      await expect.poll(left, { interval: 10 }).toEqual([{ id: kept.id }]);
      await stop();
    },
  );

  it.runIf(available)("runs in many workers at once until it is closed", async () => {
    jobs = await openJobs();
    const first = await startConversation(jobs.db.pool);
    await markDue(jobs.db.pool, [first.id]);
    const stop = startReconciler(openWorker(jobs));
    await expect.poll(waiting, { interval: 10 }).toBe(1);
    const second = await startConversation(jobs.db.pool);
    await markDue(jobs.db.pool, [second.id]);
    await expect.poll(waiting, { interval: 10, timeout: 5000 }).toBe(2);
    await stop();
    await markDue(jobs.db.pool, [first.id]);
    expect(await takeDueJobs(jobs.db.pool)).toEqual([first.id]);
  });
});

describe.runIf(redisAvailable)("reconciler while the queue is down", () => {
  it("retries later what needs the queue and does the rest", async () => {
    const context = await openJobsOnRedis();
    jobs = context;
    const { log, lines } = recordingLog();
    const worker = { ...openWorker(jobs), log };
    const due = await startConversation(jobs.db.pool);
    const orphan = await startConversation(jobs.db.pool);
    const deadly = await startConversation(jobs.db.pool);
    await markDue(jobs.db.pool, [due.id]);
    await claim(jobs.db.pool, orphan.id);
    for (let run = 0; run < maxCrashes; run += 1) {
      await claim(jobs.db.pool, deadly.id);
      await loseLease(jobs.db.pool, deadly.id);
    }
    await loseLease(jobs.db.pool, orphan.id);
    await context.redis.kill();
    await reconcile(worker);
    expect(await readJob(jobs.db.pool, deadly.id)).toMatchObject({ status: "failed" });
    const failed = lines.filter(({ msg }) => msg === "reconciler").map(({ step }) => step);
    expect(failed).toEqual(["putBackDue", "takeUpOrphans"]);

    await context.redis.restart();
    await expect.poll(() => jobs.queue.counts().catch(() => undefined), { timeout: 5000 }).toBeDefined();
    await reconcile(worker);
    expect(await jobs.queue.bull.getJobState(due.id)).toBe("waiting");
    expect(await jobs.queue.bull.getJobState(orphan.id)).toBe("waiting");
  });
});
