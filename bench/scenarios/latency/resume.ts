import { setTimeout as sleep } from "node:timers/promises";
import { type EndlessChat, holdMany, holdParley, openReader, type Reader } from "../../clients/open-streams.ts";
import { percentile } from "../../statistics.ts";
import { interleave, pick } from "../../interleave.ts";
import type { Scenario } from "../../scenario.ts";
import { startParley } from "../../testbed/parley.ts";

const clients = 1000;
const settleMs = 300;
/** Minimum `retry:` of an API that sends a stream back. */
const sentBackMs = 2000;

export const resumeScenario: Scenario = {
  name: "resume",
  about: "1,000 clients reconnect at once, each in the middle of a reply",
  needsRedis: true,
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const [parley, bare] = await Promise.all([
      startParley(bench.testbed, { backend: "redis", env: { JOB_DEADLINE_MS: "3600000" } }),
      bench.testbed.startServer({
        name: "bare",
        script: "bench/baselines/bare-main.ts",
        env: { NODE_ENV: "production" },
      }),
    ]);
    stack.use(parley);
    stack.use(bare.child);
    await bench.testbed.provider.pace({ hold: true, model: "nobody", live: 0, interMs: 1000 });
    const chats = await holdMany(parley.origin, clients, holdParley);
    const streams = chats.map(() => ({ path: "/events" }));
    const turns = { bare: storm(bare.origin, streams), parley: storm(parley.origin, chats) };
    await interleave(turns, 1);
    const results = await interleave(turns, bench.rounds);
    return [
      {
        id: "resume/all",
        what: `${clients} reconnects at once, time until the last one receives events`,
        unit: "ms",
        better: "less",
        values: pick(results, ({ lastMs }) => lastMs),
      },
      {
        id: "resume/p50",
        what: "the same, p50",
        unit: "ms",
        better: "less",
        values: pick(results, ({ p50Ms }) => p50Ms),
      },
    ];
  },
};

/** @returns a function that opens all readers at once, and closes them again */
function storm(origin: string, chats: readonly EndlessChat[]): () => Promise<{ lastMs: number; p50Ms: number }> {
  /** Position of each reader, by the id of its last event. */
  const lastIds: (string | undefined)[] = [];
  return async () => {
    const began = performance.now();
    const took: number[] = [];
    const readers = await Promise.all(
      chats.map(async (chat, place) => {
        const note = (text: string) => {
          lastIds[place] = /^id: (\d+:\d+)$/m.exec(text)?.[1] ?? lastIds[place];
        };
        const reader = await openPatiently(() => openReader(origin, chat, note, lastIds[place]));
        took.push(performance.now() - began);
        return reader;
      }),
    );
    await sleep(settleMs);
    await Promise.all(readers.map((reader) => reader.close()));
    await sleep(settleMs);
    return { lastMs: Math.max(...took), p50Ms: percentile(took, 0.5) };
  };
}

/** Reconnects like a browser: a stream that is sent back before it began is requested again. */
async function openPatiently(open: () => Reader): Promise<Reader> {
  for (;;) {
    const reader = open();
    const begun = await reader.begun.then(
      () => true,
      () => false,
    );
    if (begun) return reader;
    await reader.close();
    await sleep(sentBackMs);
  }
}
