import type { Database } from "../db/database.ts";
import type { HistoryCache } from "../history-cache/history-cache.ts";
import type { Live } from "../live/live.ts";
import type { Logger } from "../logger.ts";
import type { JobQueue } from "../queue/job-queue.ts";
import type { Dispatcher } from "./dispatcher.ts";

/** Dependencies of a job's operations. */
export interface JobContext {
  db: Database;
  queue: JobQueue;
  dispatcher: Dispatcher;
  live: Live;
  historyCache: HistoryCache;
  log: Logger;
}
