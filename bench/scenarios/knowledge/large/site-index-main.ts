import { monitorEventLoopDelay } from "node:perf_hooks";
import pg from "pg";
import { readKnowledgeState } from "../../../../shared/db/knowledge/passages.ts";
import type { SiteIndex } from "../../../../shared/knowledge/ranking/site-index.ts";
import { SiteKnowledge } from "../../../../shared/knowledge/retrieval/site-knowledge.ts";
import { searchAll, searchLimit, serveIndex } from "./serve-index.ts";
import { siteId } from "./store-site.ts";

/** Holds the index of the large site as a worker does. */
const pool = new pg.Pool({ connectionString: process.env["DATABASE_URL"], max: 2 });
const site = new SiteKnowledge(pool, siteId);

serveIndex({
  async load() {
    const { ms, loopMs } = await follow();
    return { ms, loopMs };
  },
  async search(questions) {
    const { index } = await follow();
    return searchAll(questions, (question) => best(index, question));
  },
  async follow(questions) {
    const { index, ms, loopMs } = await follow();
    const searched = searchAll(questions, (question) => best(index, question));
    return { best: searched.best, ms: searched.ms.map((each) => ms + each), loopMs };
  },
});

async function follow(): Promise<{ index: SiteIndex; ms: number; loopMs: number }> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const began = performance.now();
  const { revision } = await readKnowledgeState(pool, siteId);
  const index = await site.at(revision);
  const ms = performance.now() - began;
  delays.disable();
  return { index, ms, loopMs: delays.percentile(99) / 1e6 };
}

function best(index: SiteIndex, question: string): number {
  const { matches } = index.search(question, { limit: searchLimit, explain: true });
  return matches[0]?.id ?? 0;
}
