import type { Pool } from "pg";
import type { Live } from "./live.ts";

interface LiveOptions {
  /** Without one, drafts and hints live in PostgreSQL. */
  redisUrl?: string | undefined;
  databaseUrl: string;
  pool: Pool;
  /** Hears the first error of each outage of a connection; what is called meanwhile rejects by itself. */
  onError: (error: Error) => void;
}

/** The live channel this process is configured for. Only what is used is loaded. */
export async function createLive({ redisUrl, databaseUrl, pool, onError }: LiveOptions): Promise<Live> {
  if (redisUrl !== undefined) {
    const { createRedisLive } = await import("./redis-live.ts");
    return createRedisLive(redisUrl, { onError });
  }
  const { createPostgresLive } = await import("./postgres-live.ts");
  return createPostgresLive({ pool, connectionString: databaseUrl, onError });
}
