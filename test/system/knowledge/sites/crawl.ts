import type pg from "pg";
import { v7 } from "uuid";
import { addSources } from "../../../../shared/db/knowledge/sources.ts";
import { defaultSite } from "../../../../shared/sites/default-site.ts";
import type { JobQueue } from "../../../../shared/queue/job-queue.ts";
import { eventually } from "../../harness/suite.ts";
import { type SiteServer, startSiteServer } from "../site-server.ts";
import { brokenPages } from "./broken-pages.ts";
import { changing } from "./changing.ts";
import { charsets } from "./charsets.ts";
import { files } from "./files.ts";
import { compareDocuments, type LaterLook, type OddSite, type StoredDocument } from "./odd-site.ts";
import { privateRedirects } from "./private-redirects.ts";
import { robots } from "./robots.ts";
import { sitemaps } from "./sitemaps.ts";
import { slow } from "./slow.ts";
import { soft404 } from "./soft-404.ts";
import { traps } from "./traps.ts";

const firstSites = [charsets, traps, privateRedirects, robots, sitemaps];
const oddSites = [...firstSites, changing, brokenPages, slow, soft404, files];

/** Time of a look on a busy machine. */
const lookLimitMs = 150_000;

interface CrawledSite {
  site: OddSite;
  server: SiteServer;
  sourceId: string;
}

/** Crawl of all odd sites at the same time, each as a sitemap source. */
export interface Crawl extends AsyncDisposable {
  /** Ports of the sites, for `FETCH_PORTS`. */
  readonly ports: string;
  readonly sourceIds: readonly string[];
  /** Requests of pages that the sites have had so far. */
  readonly requests: () => number;
  /** Queues sources that are due, whatever the queue keeps for a dead process. */
  readonly wake: () => Promise<void>;
  /**
   * Waits for all looks, and changes the sites between them.
   * @param options.repeats requests that a site may get twice: a process that dies may have one in flight
   * @returns differences from what is right, in words
   */
  readonly finish: (options?: { repeats?: number }) => Promise<string[]>;
}

/** @param queue queue of the knowledge processes; they would notice within a second what is due */
export async function startCrawl(pool: pg.Pool, queue: JobQueue): Promise<Crawl> {
  let wakes = 0;
  const wake = async (sourceIds: readonly string[]) => {
    wakes += 1;
    await queue.enqueueDuplicate(sourceIds.map((id) => ({ id, attempt: wakes })));
  };
  await using stack = new AsyncDisposableStack();
  const crawled: CrawledSite[] = [];
  for (const site of oddSites) {
    const server = stack.use(await startSiteServer());
    site.open(server);
    crawled.push({ site, server, sourceId: v7() });
  }
  const sources = crawled.map(({ server, sourceId }) => ({
    id: sourceId,
    kind: "sitemap" as const,
    url: `${server.url}/sitemap.xml`,
  }));
  await addSources(pool, defaultSite, sources);
  const owned = stack.move();
  return {
    ports: crawled.map(({ server }) => new URL(server.url).port).join(","),
    sourceIds: sources.map(({ id }) => id),
    requests: () => crawled.reduce((sum, { server }) => sum + server.asked.filter((path) => isPage(path)).length, 0),
    wake: () => wake(sources.map(({ id }) => id)),
    finish: async ({ repeats = 0 } = {}) => {
      const follow = (each: CrawledSite) => followSite(pool, each, { repeats, wake: () => wake([each.sourceId]) });
      return (await Promise.all(crawled.map(follow))).flat();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function isPage(path: string): boolean {
  return path !== "/robots.txt" && path !== "/sitemap.xml";
}

/** Follows one site through all of its looks. */
async function followSite(
  pool: pg.Pool,
  { site, server, sourceId }: CrawledSite,
  { repeats, wake }: { repeats: number; wake: () => Promise<void> },
): Promise<string[]> {
  const first: LaterLook = { change: () => undefined, status: "ready", documents: site.documents };
  const faults: string[] = [];
  for (const [before, look] of [first, ...(site.days ?? [])].entries()) {
    look.change(server);
    await pool.query("update knowledge_sources set due_at = now() where id = $1 and lease_until is null", [sourceId]);
    await wake();
    const { status, reason } = await untilLooked(pool, sourceId, before + 1).catch((error: Error) => ({
      status: "unfinished",
      reason: error.message,
    }));
    const told = [
      ...(status === look.status ? [] : [`is ${status}, expected ${look.status} (${reason})`]),
      ...(reason?.includes(look.reason ?? "") === (look.reason === undefined) ? [`tells ${reason}`] : []),
      ...(before === 0 && countRepeats(server, site) > repeats ? ["asks for too many pages twice"] : []),
      ...compareDocuments(await readDocuments(pool, sourceId), look.documents),
    ];
    faults.push(...told.map((fault) => `${site.name}, look ${before + 1}: ${fault}`));
    if (faults.length > 0) break;
  }
  return faults;
}

/** Counts requests of pages that were read already. */
function countRepeats({ asked }: SiteServer, { documents }: OddSite): number {
  const times = (path: string) => asked.filter((each) => each === path).length;
  const read = documents.filter(({ status = "ready" }) => status === "ready");
  return read.reduce((sum, { path, requests = 1 }) => sum + Math.max(0, times(path) - requests), 0);
}

function untilLooked(pool: pg.Pool, sourceId: string, look: number) {
  return eventually(
    `look ${look} at ${sourceId} is over`,
    async () => {
      const { rows } = await pool.query<{ status: string; reason: string | null }>(
        "select status, reason from knowledge_sources where id = $1 and look >= $2 and lease_until is null",
        [sourceId, look],
      );
      return rows[0];
    },
    lookLimitMs,
  );
}

async function readDocuments(pool: pg.Pool, sourceId: string): Promise<StoredDocument[]> {
  const { rows } = await pool.query<StoredDocument>(
    `select regexp_replace(url, '^https?://[^/]*', '') as path, status, reason, text,
       array(select jsonb_build_object('begins', begins, 'ends', ends) from knowledge_passages
             where document_id = documents.id order by no) as passages
     from knowledge_documents as documents where source_id = $1 order by url`,
    [sourceId],
  );
  return rows;
}
