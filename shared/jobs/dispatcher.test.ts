import { v7 } from "uuid";
import { describe, expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../db/database.ts";
import { takeDueJobs } from "../db/jobs/reconcile.ts";
import { claim, startConversation } from "../testing/fixtures/conversations.ts";
import { jobStores, openJobsOnRedis } from "../testing/fixtures/job-context.ts";
import { quietLog, recordingLog } from "../testing/fixtures/quiet-log.ts";
import { redisAvailable } from "../testing/stores/redis.ts";
import { Dispatcher } from "./dispatcher.ts";

describe.each(jobStores)("dispatching jobs to a queue on $name", ({ available, openJobs }) => {
  it.runIf(available)("sends jobs that arrive during a call together in the next one", async () => {
    await using context = await openJobs();
    const calls: number[] = [];
    const queue = {
      enqueue: (jobIds: readonly string[]) => {
        calls.push(jobIds.length);
        return context.queue.enqueue(jobIds);
      },
    };
    const dispatcher = new Dispatcher({ ...context, queue });
    for (let count = 0; count < 100; count += 1) dispatcher.push(v7());
    await dispatcher.settled();
    expect(calls).toEqual([1, 99]);
    expect(await context.queue.counts()).toMatchObject({ waiting: 100 });

    dispatcher.push(v7());
    await dispatcher.settled();
    expect(calls).toEqual([1, 99, 1]);
    await dispatcher.settled();
  });
});

describe.runIf(redisAvailable)("dispatching jobs to a queue that is down", () => {
  it("delays nobody and marks the jobs as due for the reconciler", async () => {
    await using context = await openJobsOnRedis();
    const job = await startConversation(context.db.pool);
    const active = await startConversation(context.db.pool);
    await claim(context.db.pool, active.id);
    await context.redis.kill();
    const { log, lines } = recordingLog();
    const dispatcher = new Dispatcher({ ...context, log });
    dispatcher.push(job.id);
    dispatcher.push(active.id);
    await dispatcher.settled();
    expect(await takeDueJobs(context.db.pool)).toEqual([job.id]);
    expect(lines.map(({ msg }) => msg)).toEqual(lines.map(() => expect.stringContaining("the reconciler") as string));
  });

  it("continues if PostgreSQL is down as well", async () => {
    await using context = await openJobsOnRedis();
    const { log, lines } = recordingLog();
    const db = openDatabase("postgres://nobody@127.0.0.1:1/none", quietLog());
    onTestFinished(() => db.close());
    const dispatcher = new Dispatcher({ queue: context.queue, log, db });
    await context.redis.kill();
    dispatcher.push(v7());
    await dispatcher.settled();
    await context.redis.restart();
    expect(lines).toHaveLength(2);
    await expect
      .poll(
        () =>
          context.queue.enqueue([v7()]).then(
            () => true,
            () => false,
          ),
        { timeout: 5000 },
      )
      .toBe(true);
    const later = v7();
    dispatcher.push(later);
    await dispatcher.settled();
    expect(await context.queue.bull.getJobState(later)).toBe("waiting");
  });
});
