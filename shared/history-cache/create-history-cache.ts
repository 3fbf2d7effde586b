import type { HistoryCache } from "./history-cache.ts";

interface HistoryCacheOptions {
  /** Redis URL. Without one, nothing is cached. */
  redisUrl: string | undefined;
  /** Receives the first error of each outage of the connection. */
  onError: (error: Error) => void;
}

/** Creates the cache this process is configured for. Loads the client only if it is used. */
export async function createHistoryCache({ redisUrl, onError }: HistoryCacheOptions): Promise<HistoryCache> {
  if (redisUrl === undefined) return noHistoryCache;
  const { createRedisHistoryCache } = await import("./redis-history-cache.ts");
  return createRedisHistoryCache(redisUrl, { onError });
}

/** Finds nothing and keeps nothing. */
const noHistoryCache: HistoryCache = {
  find: async () => ({}),
  store: async () => undefined,
  erase: async () => undefined,
  close: async () => undefined,
};
