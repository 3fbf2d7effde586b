import { LRUCache } from "lru-cache";

/**
 * Creates a map that keeps its `most` entries used last, each for `ttlMs` if that is given. It counts sizes of 1 instead
 * of using `max`, for which lru-cache allocates all its arrays at once: 0.2 MB for 10,000 entries that may never come.
 */
export function boundedMap<Value extends object | number>(
  most: number,
  { ttlMs }: { ttlMs?: number } = {},
): LRUCache<string, Value> {
  const expiry = ttlMs === undefined ? {} : { ttl: ttlMs, noUpdateTTL: true };
  return new LRUCache({ maxSize: most, sizeCalculation: () => 1, ...expiry });
}
