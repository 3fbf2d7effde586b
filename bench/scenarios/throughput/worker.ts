import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "bullmq";
import type pg from "pg";
import { interleave } from "../../interleave.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { root } from "../../testbed/measured-process.ts";
import { type Parley, startParley } from "../../testbed/parley.ts";
import { enqueueJobs } from "../../testbed/queue.ts";
import { insertWaiting } from "../../testbed/insert-rows.ts";

const noopJobs = 10_000;
const jobs = 1500;
const lookEveryMs = 10;

export const workerScenario: Scenario = {
  name: "worker",
  about: "jobs per second of one worker with one-word replies, compared with empty jobs",
  needsRedis: true,
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const cwd = await stubFolder(bench);
    const [parley, noop] = await Promise.all([
      startParley(bench.testbed, { backend: "redis", worker: false, cwd }),
      startNoop(bench, stack),
    ]);
    stack.use(parley);
    const child = await parley.startWorker();
    const turns = {
      noop: () => noop(bench.ms(noopJobs)),
      parley: () => answerAll(parley, child, bench.ms(jobs)),
    };
    // See `testbed/contenders.ts`.
    await interleave(turns, 2);
    return [
      {
        id: "worker/rate",
        what: "jobs of one worker, from a full queue",
        unit: "/s",
        better: "more",
        values: await interleave(turns, bench.rounds),
        targets: [{ contender: "parley", limit: 0.3, of: "noop" }],
      },
    ];
  },
};

/** Pauses the worker's process while the queue is filled. */
async function answerAll(parley: Parley, child: { pause(): void; resume(): void }, count: number): Promise<number> {
  const rows = await insertWaiting(parley.pool, count);
  child.pause();
  await enqueueJobs(
    parley,
    rows.map(({ id }) => id),
  );
  const began = performance.now();
  child.resume();
  while (await hasOpenJobs(parley.pool)) await sleep(lookEveryMs);
  return (count * 1000) / (performance.now() - began);
}

async function hasOpenJobs(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query("select from jobs where status in ('queued', 'active') limit 1");
  return rows.length > 0;
}

async function startNoop({ testbed }: Bench, stack: AsyncDisposableStack): Promise<(count: number) => Promise<number>> {
  const { floorQueue } = await import("../../baselines/floor-store.ts");
  const redis = stack.use(await testbed.startRedis());
  const env = { NODE_ENV: "production", REDIS_URL: redis.url };
  const child = stack.use(await testbed.start({ name: "noop", script: "bench/baselines/noop-worker-main.ts", env }));
  const connection = { host: "127.0.0.1", port: redis.port };
  const queue = stack.adopt(new Queue(floorQueue, { connection }), (open) => open.close());
  let total = 0;
  return async (count) => {
    child.pause();
    for (let left = count; left > 0; left -= 1000) {
      const batch = Array.from({ length: Math.min(1000, left) }, () => ({ name: "noop", data: {} }));
      await queue.addBulk(batch);
    }
    const began = performance.now();
    const done = child.ask({ total: (total += count) });
    child.resume();
    await done;
    return (count * 1000) / (performance.now() - began);
  };
}

/**
 * Makes a folder whose assistant answers one word.
 * @returns its path
 */
async function stubFolder({ testbed }: Bench): Promise<string> {
  const folder = join(testbed.folder, "stub");
  await mkdir(join(folder, "config"), { recursive: true });
  await cp(join(root, "config/prices.json"), join(folder, "config/prices.json"));
  const assistant = {
    name: "Stub",
    description: "Says one word",
    provider: "preset",
    instructions: "Say one word.",
    presets: [
      { reply: "Hello!", default: true },
      { reply: "Busy.", fallback: true },
    ],
  };
  await writeFile(join(folder, "config/assistants.json"), JSON.stringify({ assistants: { default: assistant } }));
  return folder;
}
