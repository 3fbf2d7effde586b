import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { closedLoop } from "../../clients/closed-loop.ts";
import { submit } from "../../clients/visitors.ts";
import { HttpConnection } from "../../clients/http-connection.ts";
import { holdMany, holdParley } from "../../clients/open-streams.ts";
import type { Figure } from "../../figure.ts";
import { interleave, pick } from "../../interleave.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { type Parley, startParley } from "../../testbed/parley.ts";
import { noDelay } from "../../testbed/provider.ts";
import { enqueueJobs, openQueue } from "../../testbed/queue.ts";
import { openRedis } from "../../testbed/redis.ts";
import { insertWaiting } from "../../testbed/insert-rows.ts";

const waiting = 100_000;
const clients = 16;
const roundMs = 800;
/** See `testbed/contenders.ts`. */
const warmUpRounds = 3;
const pickUp = {
  /** Default value: jobs just begun at a round's end are few compared with those counted. */
  concurrency: 50,
  warmUpRounds: 2,
  /** Time from the first completed job. */
  settleMs: 300,
  roundMs: 1500,
  /** More jobs than one worker takes in a round. */
  enough: 4000,
  lookEveryMs: 20,
};
const liveReplies = 400;

export const backlogScenario: Scenario = {
  name: "backlog",
  about: "submitting and claiming with 100,000 waiting jobs and with none; Redis memory per job",
  needsRedis: true,
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const env = { WORKER_CONCURRENCY: String(pickUp.concurrency) };
    const open = () => startParley(bench.testbed, { backend: "redis", worker: false, env });
    const [empty, parley] = await Promise.all([open(), open()]);
    stack.use(empty);
    stack.use(parley);
    const redis = openRedis(stack, parley.redis?.url);
    const before = await usedMemory(redis);
    const rows = await insertWaiting(parley.pool, waiting);
    await enqueueJobs(
      parley,
      rows.map(({ id }) => id),
    );
    const each = ((await usedMemory(redis)) - before) / waiting;
    const submitted = await measureSubmit(bench, { empty, parley });
    const pickedUp = await measurePickUp(bench, { empty, parley });
    return [
      ...submitted,
      pickedUp,
      {
        id: "backlog/memory",
        what: "Redis memory per waiting job, with 100,000",
        unit: "bytes",
        better: "less",
        values: { parley: [each] },
        targets: [{ contender: "parley", limit: 1024 }],
      },
      await measureLive(bench),
    ];
  },
};

interface Two {
  empty: Parley;
  parley: Parley;
}

async function measureSubmit(bench: Bench, { empty, parley }: Two): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const turn = ({ origin }: Parley) => {
    const connections = Array.from({ length: clients }, () => new HttpConnection(origin));
    stack.defer(async () => {
      await Promise.all(connections.map((connection) => connection.destroy()));
    });
    return () => closedLoop(connections, (connection) => submit(connection), { ms: bench.ms(roundMs) });
  };
  const turns = { empty: turn(empty), parley: turn(parley) };
  await interleave(turns, warmUpRounds);
  const results = await interleave(turns, bench.rounds);
  return [
    {
      id: "backlog/submit",
      what: `POST with 100,000 waiting jobs, ${clients} clients`,
      unit: "/s",
      better: "more",
      values: pick(results, ({ rate }) => rate),
      targets: [{ contender: "parley", limit: 1 / 1.1, of: "empty" }],
    },
  ];
}

/**
 * Measures the pick-up of jobs. Both workers run all the time, and the queue of the inactive one is paused, as by an
 * operator, so jobs in progress end normally. A worker stopped in the middle of its calls would take them for dead when
 * it resumes.
 */
async function measurePickUp(bench: Bench, { empty, parley }: Two): Promise<Figure> {
  await using stack = new AsyncDisposableStack();
  await bench.testbed.provider.pace(noDelay);
  const turn = async (of: Parley) => {
    const { bull } = await openQueue(stack, of);
    await bull.pause();
    await of.startWorker();
    return async () => {
      const rows = await insertWaiting(of.pool, Math.max(0, pickUp.enough - (await countJobs(of, "queued"))));
      await enqueueJobs(
        of,
        rows.map(({ id }) => id),
      );
      const resumed = await now(of);
      await bull.resume();
      while ((await countDone(of, resumed)) === 0) await sleep(pickUp.lookEveryMs);
      await sleep(pickUp.settleMs);
      const began = await now(of);
      await sleep(bench.ms(pickUp.roundMs));
      const ended = await now(of);
      await bull.pause();
      while ((await countJobs(of, "active")) > 0) await sleep(pickUp.lookEveryMs);
      return (await countDone(of, began, ended)) / ((ended.getTime() - began.getTime()) / 1000);
    };
  };
  const turns = { empty: await turn(empty), parley: await turn(parley) };
  await interleave(turns, pickUp.warmUpRounds);
  return {
    id: "backlog/pick-up",
    what: "jobs of one worker from a queue of 100,000",
    unit: "/s",
    better: "more",
    values: await interleave(turns, bench.rounds),
    targets: [{ contender: "parley", limit: 1 / 1.1, of: "empty" }],
  };
}

async function countJobs({ pool }: Parley, status: "queued" | "active"): Promise<number> {
  const { rows } = await pool.query<{ count: string }>("select count(*) from jobs where status = $1", [status]);
  return Number(rows[0]?.count);
}

/** Counts by the database's clock. */
async function countDone({ pool }: Parley, from: Date, until?: Date): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(
    `select count(*) from jobs
     where status = 'completed' and finished_at >= $1 and finished_at < coalesce($2::timestamptz, 'infinity')`,
    [from, until],
  );
  return Number(rows[0]?.count);
}

async function now({ pool }: Parley): Promise<Date> {
  const { rows } = await pool.query<{ now: Date }>("select clock_timestamp() as now");
  return rows[0]?.now ?? new Date(Number.NaN);
}

/** Measures the Redis memory of a reply while it is written: its draft, its queue entry, its readers' channels. */
async function measureLive(bench: Bench): Promise<Figure> {
  await using stack = new AsyncDisposableStack();
  const parley = stack.use(await startParley(bench.testbed, { backend: "redis" }));
  const redis = openRedis(stack, parley.redis?.url);
  const before = await usedMemory(redis);
  await bench.testbed.provider.pace({ firstMs: 0, interMs: 100, tokens: 50 });
  await holdMany(parley.origin, liveReplies, holdParley);
  await sleep(2000);
  const each = ((await usedMemory(redis)) - before) / liveReplies;
  await bench.testbed.provider.pace(noDelay);
  return {
    id: "backlog/live",
    what: `Redis memory per reply in progress, with ${liveReplies}`,
    unit: "bytes",
    better: "less",
    values: { parley: [each] },
  };
}

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info("memory"))?.[1]);
}
