import type { Database } from "../../shared/db/database.ts";
import type { Logger } from "../../shared/logger.ts";
import type { SpareTime } from "./look/spare-time.ts";
import type { Web } from "./look/web.ts";

/** Dependencies of a look at a source. */
export interface KnowledgeContext {
  db: Database;
  log: Logger;
  web: Web;
  /** One for all looks of the process. */
  spareTime: SpareTime;
}
