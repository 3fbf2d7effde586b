import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { v7 } from "uuid";
import { addSources } from "../../../../shared/db/knowledge/sources.ts";
import { defaultSite as siteId } from "../../../../shared/sites/default-site.ts";
import { closedLoop } from "../../../clients/closed-loop.ts";
import { type BenchVisitor, makeVisitors, parleyVisitor } from "../../../clients/visitors.ts";
import { interleave } from "../../../interleave.ts";
import type { Bench, Scenario } from "../../../scenario.ts";
import { percentile } from "../../../statistics.ts";
import type { MeasuredProcess } from "../../../testbed/measured-process.ts";
import { type Parley, startParley } from "../../../testbed/parley.ts";
import { noDelay } from "../../../testbed/provider.ts";

const pages = 10_000;
const clients = 64;
/** Part of the chats per second that the service carries when it does nothing else. */
const loadShare = 0.5;
const maxRatio = 1.15;

export const crawlScenario: Scenario = {
  name: "crawl",
  about: "replies while 10,000 pages are read, beside a calm service, at half of the load that it carries",
  fullOnlySeconds: 150,
  async run(bench) {
    const { testbed, rounds } = bench;
    await using stack = new AsyncDisposableStack();
    const parley = stack.use(await startParley(testbed, { backend: "postgres" }));
    await testbed.provider.pace({ ...noDelay, tokens: 10 });
    const visitors = makeVisitors(parleyVisitor, parley.origin, clients);
    stack.defer(async () => void (await Promise.all(visitors.map((visitor) => visitor.close()))));
    const crawl = await startCrawl(bench, parley, stack);
    const ms = bench.ms(8000);
    const { rate } = await closedLoop(visitors, (visitor) => visitor.chat(), { ms });
    const perSecond = rate * loadShare;
    bench.say(`  ${Math.round(perSecond)} chats a second`);
    const read: number[] = [];
    const turns = {
      parleyPg: () => chatAtPace(visitors, { perSecond, ms }),
      crawling: () => crawl.during(async () => chatAtPace(visitors, { perSecond, ms }), read),
    };
    await interleave(turns, 1);
    read.length = 0;
    return [
      {
        id: "crawl/p99",
        what: `reply at half of the load, p99, beside a look at ${pages.toLocaleString("en")} pages`,
        unit: "ms",
        better: "less",
        values: await interleave(turns, rounds),
        targets: [{ contender: "crawling", limit: maxRatio, of: "parleyPg" }],
      },
      { id: "crawl/pages", what: "pages read meanwhile", unit: "/s", better: "more", values: { crawling: read } },
    ];
  },
};

/**
 * Begins chats at a fixed pace, whatever becomes of those before.
 * @returns p99 of the time from the moment at which a chat was to begin to the end of its reply
 */
async function chatAtPace(
  visitors: readonly BenchVisitor[],
  { perSecond, ms }: { perSecond: number; ms: number },
): Promise<number> {
  const periodMs = (visitors.length * 1000) / perSecond;
  const began = performance.now();
  const times: number[] = [];
  await Promise.all(
    visitors.map(async (visitor, place) => {
      for (let at = (periodMs * place) / visitors.length; at < ms; at += periodMs) {
        await sleep(Math.max(0, began + at - performance.now()));
        await visitor.chat();
        times.push(performance.now() - began - at);
      }
    }),
  );
  return percentile(times, 0.99);
}

/** Lets a process read the pages of a site, but only during the rounds that ask for it. */
async function startCrawl({ testbed }: Bench, parley: Parley, stack: AsyncDisposableStack) {
  const script = "bench/scenarios/knowledge/crawl/site-main.ts";
  const { child, origin } = await testbed.startServer({ name: "site", script, env: { PAGES: `${pages}` } });
  stack.use(child);
  const { port } = new URL(origin);
  const sourceId = v7();
  await addSources(parley.pool, siteId, [{ id: sourceId, kind: "sitemap", url: `${origin}/sitemap.xml` }]);
  const env = { FETCH_ALLOW_PRIVATE: "127.0.0.0/8", FETCH_PORTS: port, KNOWLEDGE_PAUSE_MS: "0" };
  const knowledge = await parley.startKnowledge(env);
  await untilReading(parley.pool, sourceId);
  knowledge.pause();
  return {
    during: (work: () => Promise<number>, read: number[]) => during({ parley, knowledge, sourceId }, work, read),
  };
}

/** Counts documents that were read. */
async function countRead(pool: pg.Pool, sourceId: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    "select count(*)::int as count from knowledge_documents where source_id = $1 and fetched_at is not null",
    [sourceId],
  );
  return rows[0]?.count ?? 0;
}

async function untilReading(pool: pg.Pool, sourceId: string, before = 0): Promise<void> {
  while ((await countRead(pool, sourceId)) <= before) await sleep(100);
}

async function during(
  { parley, knowledge, sourceId }: { parley: Parley; knowledge: MeasuredProcess; sourceId: string },
  work: () => Promise<number>,
  read: number[],
): Promise<number> {
  const { pool } = parley;
  knowledge.resume();
  try {
    const before = await countRead(pool, sourceId);
    if (before >= pages) throw new Error("all pages were read before the rounds were over");
    await untilReading(pool, sourceId, before);
    const [began, first] = [performance.now(), await countRead(pool, sourceId)];
    const p99 = await work();
    read.push((((await countRead(pool, sourceId)) - first) * 1000) / (performance.now() - began));
    return p99;
  } finally {
    knowledge.pause();
  }
}
