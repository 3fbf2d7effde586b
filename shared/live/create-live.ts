import type { Pool } from "pg";
import type { Live } from "./live.ts";
import { dropStaleDrafts } from "./drafts/stale-drafts.ts";

interface LiveOptions {
  /** Redis URL. Without one, drafts and hints are in PostgreSQL. */
  redisUrl?: string | undefined;
  databaseUrl: string;
  pool: Pool;
  /** Receives the first error of each outage of a connection. Calls made meanwhile reject on their own. */
  onError: (error: Error) => void;
}

/** Creates the live channel this process is configured for. Loads only the client that is used. */
export async function createLive({ redisUrl, databaseUrl, pool, onError }: LiveOptions): Promise<Live> {
  if (redisUrl !== undefined) {
    const { createRedisLive } = await import("./redis-live.ts");
    return createRedisLive(redisUrl, { onError, dropStale: () => dropStaleDrafts(pool) });
  }
  const { createPostgresLive } = await import("./postgres-live.ts");
  return createPostgresLive({ pool, connectionString: databaseUrl, onError });
}
