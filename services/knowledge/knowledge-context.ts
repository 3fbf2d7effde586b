import type { Database } from "../../shared/db/database.ts";
import type { Logger } from "../../shared/logger.ts";
import type { Web } from "./look/web.ts";

/** Dependencies of a look at a source. */
export interface KnowledgeContext {
  db: Database;
  log: Logger;
  web: Web;
}
