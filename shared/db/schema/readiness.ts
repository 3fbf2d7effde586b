import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { ConfigError } from "../../config/config.ts";
import { describeError } from "../../describe-error.ts";
import type { Logger } from "../../logger.ts";
import { describeRefusal } from "../../stores/store-refusal.ts";
import type { Database } from "../database.ts";
import { isDatabaseAway } from "../../postgres/database-away.ts";
import { type DatabaseState, isolationAdvice, readDatabaseState, readOnlyAdvice } from "./database-state.ts";
import { readMissingMigrations } from "./missing-migrations.ts";
import { isPooledByTransaction } from "../pooler.ts";

const everyMs = 250;

const poolerFound =
  "DATABASE_URL leads to a pooler in transaction mode: set DATABASE_POOLER=transaction, and a REDIS_URL, or connect to PostgreSQL itself";

const optionsRefused =
  "A pooler refuses `options` in DATABASE_URL: remove them there, and set them for the role (alter role … set …), or let the pooler pass them on";

/** PgBouncer's error message. */
const refusesOptions = /unsupported startup parameter.*options/;

/** A state that may pass without a change of our settings: a standby may be promoted. */
class NotReadyError extends Error {
  override name = "NotReadyError";
}

interface WaitOptions {
  limitMs: number;
  /** Logs why it waits: at once, and again when the reason changes. */
  log: Logger;
}

/**
 * Waits for a PostgreSQL that accepts writes and a schema as new as this code. BullMQ objects created while it is down
 * would stay dead forever.
 * @throws after `limitMs`, or at once when waiting cannot help; the message says what to do
 */
export async function waitForDatabase(db: Database, { limitMs, log }: WaitOptions): Promise<void> {
  const deadline = performance.now() + limitMs;
  let logged: string | undefined;
  for (;;) {
    try {
      return await look(db);
    } catch (error) {
      // The database may also go down between two of these queries.
      if (!(error instanceof NotReadyError || isDatabaseAway(error))) throw explainDatabase(error) ?? error;
      if (performance.now() > deadline) throw explainDatabase(error) ?? error;
      const reason = describeError(error);
      if (reason !== logged)
        log.warn({ err: error }, `waiting for PostgreSQL, for up to ${limitMs / 1000} s: ${reason}`);
      logged = reason;
      await sleep(everyMs);
    }
  }
}

/** Explains to an operator why PostgreSQL cannot be used, and how to fix it. `undefined` for an unrelated error. */
export function explainDatabase(error: unknown): ConfigError | undefined {
  const reason = describeError(error);
  const refusal = describeRefusal(error);
  if (refusal) return new ConfigError(`${refusal.text} (${reason}): ${refusal.mend}`, { cause: error });
  if (!(error instanceof NotReadyError || isDatabaseAway(error))) return undefined;
  return new ConfigError(`PostgreSQL is not ready (${reason}): see whether it runs and DATABASE_URL is right`, {
    cause: error,
  });
}

async function look({ pool, pooler }: Database): Promise<void> {
  const state = await readWritableState(pool);
  if (pooler === "none" && (await isPooledByTransaction(pool))) throw new ConfigError(poolerFound);
  const isolation = pooler === "transaction" ? isolationAdvice(state) : undefined;
  if (isolation) throw new ConfigError(`${isolation.text}: ${isolation.mend}`);
  const missing = await readMissingMigrations(pool);
  if (missing.length > 0) {
    throw new ConfigError(`The database lacks migrations (${missing.join(", ")}): run "npm run migrate" first`);
  }
}

async function readWritableState(pool: Pool): Promise<DatabaseState> {
  const client = await pool.connect().catch((error: unknown) => {
    if (error instanceof Error && refusesOptions.test(error.message)) throw new ConfigError(optionsRefused);
    throw error;
  });
  let usable = false;
  try {
    const state = await readDatabaseState(client);
    const readOnly = readOnlyAdvice(state);
    if (readOnly) throw new NotReadyError(`${readOnly.text}; ${readOnly.mend}`);
    usable = true;
    return state;
  } finally {
    // A session keeps the defaults it started with. Only a new session sees a changed default.
    client.release(!usable);
  }
}
