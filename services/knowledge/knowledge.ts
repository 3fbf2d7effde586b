import { setPriority } from "node:os";
import { repeat } from "../../shared/async/repeat.ts";
import type { Config } from "../../shared/config/config.ts";
import { openDatabase } from "../../shared/db/database.ts";
import { readDueSources } from "../../shared/db/knowledge/looks.ts";
import { dropRemovals } from "../../shared/db/knowledge/passages.ts";
import { waitForDatabase } from "../../shared/db/schema/readiness.ts";
import { openGuardedFetch } from "../../shared/fetch/guarded-fetch.ts";
import type { Logger } from "../../shared/logger.ts";
import type { Lifecycle } from "../../shared/process/lifecycle.ts";
import { reportProcess } from "../../shared/process/report-process.ts";
import { createQueueBackend } from "../../shared/queue/create-backend.ts";
import { openJobQueue } from "../../shared/queue/job-queue.ts";
import { knowledgeQueueName } from "../../shared/queue/options.ts";
import { databaseWaitMs, findDueEveryMs, removalsKeptMs } from "../../shared/tunables.ts";
import { openExtractor } from "./extract/extractor.ts";
import type { KnowledgeContext } from "./knowledge-context.ts";
import { startLooking } from "./look/start-looking.ts";
import { SpareTime } from "./look/spare-time.ts";
import { Web } from "./look/web.ts";

/** Name under which sites know the process; their robots.txt may name `parley`. */
const userAgent = "parley/1.0";
/**
 * Priority of the process: replies come first where processes share a machine. It still gets a quarter of a busy core; at
 * 10, which Node calls "below normal", it gets a tenth.
 */
const niceness = 5;
/** Sources put into the queue at once. */
const dueAtOnce = 100;

/** Starts the process that reads sources of knowledge: fetches pages, takes their text, stores passages. */
export async function startKnowledge(
  config: Config,
  { log, lifecycle }: { log: Logger; lifecycle: Lifecycle },
): Promise<void> {
  setPriority(niceness);
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, DATABASE_POOLER: pooler } = config;
  const db = openDatabase(databaseUrl, log, { connections: 4, pooler });
  lifecycle.onClose("database", () => db.close());
  await waitForDatabase(db, { limitMs: databaseWaitMs, log });
  const backend = await createQueueBackend({ redisUrl, databaseUrl, log, queue: knowledgeQueueName });
  lifecycle.onClose("queue backend", () => backend.close());
  const queue = await openJobQueue(backend, log);
  lifecycle.onClose("queue", () => queue.close());
  const extractor = openExtractor();
  lifecycle.onClose("extractor", () => extractor.close());
  const { FETCH_ALLOW_PRIVATE: allowPrivate, FETCH_PORTS: ports, FETCH_PROXY: proxy, KNOWLEDGE_PAUSE_MS } = config;
  const client = openGuardedFetch({ userAgent, allowPrivate, ports, proxy });
  lifecycle.onClose("fetching", () => client.close());
  const web = new Web({ client, extractor, userAgent, pauseMs: KNOWLEDGE_PAUSE_MS });
  const context: KnowledgeContext = { db, log, web, spareTime: new SpareTime() };

  lifecycle.onClose("process reports", await reportProcess(db.pool, "knowledge", log));
  const looking = await startLooking(context, backend);
  lifecycle.onClose("looks", () => looking.close());
  lifecycle.onClose("vectors", await embedPassages(config, context, looking.isBusy));
  // Rows decide what is due. The queue only spreads it over processes; an entry that is lost comes back here.
  const findDue = async () => {
    try {
      const due = await readDueSources(db.pool, dueAtOnce);
      if (due.length > 0) await queue.putBack(due);
    } catch (error) {
      log.debug({ err: error }, "could not look for sources that are due");
    }
  };
  lifecycle.onClose("due sources", repeat(findDueEveryMs, findDue));
  const forget = () =>
    dropRemovals(db.pool).catch((error: unknown) => log.debug({ err: error }, "could not forget old removals"));
  lifecycle.onClose("removals", repeat(removalsKeptMs / 24, forget));
  log.info("knowledge is ready");
}

/** Loads what asks for vectors only where an endpoint is configured. */
async function embedPassages(
  config: Config,
  { db, log }: KnowledgeContext,
  isLooking: () => boolean,
): Promise<() => Promise<void>> {
  const { EMBEDDINGS_BASE_URL } = config;
  if (EMBEDDINGS_BASE_URL === undefined) return () => Promise.resolve();
  const { configuredModel, openEmbeddings } = await import("../../shared/knowledge/embeddings/embedding-client.ts");
  const { startEmbedding } = await import("./embed/start-embedding.ts");
  const { meterEmbeddings } = await import("../../shared/knowledge/embeddings/metered-embeddings.ts");
  const client = openEmbeddings({ ...config, EMBEDDINGS_BASE_URL });
  const { pool } = db;
  const embed = meterEmbeddings({ pool, embed: client, log, dailyTokens: config.EMBEDDINGS_DAILY_TOKENS });
  return startEmbedding({ pool, log, embed, model: configuredModel(config), isLooking });
}
