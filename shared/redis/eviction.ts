import { Cluster } from "ioredis";
import type { RedisClient } from "./connect-redis.ts";

/**
 * Reads the eviction policy of a Redis (`maxmemory-policy`); for a Cluster, that of each master.
 * @throws when one does not answer
 */
export async function readEvictionPolicies(redis: RedisClient): Promise<string[]> {
  const servers = redis instanceof Cluster ? redis.nodes("master") : [redis];
  const reports = await Promise.all(servers.map((server) => server.info("memory")));
  return reports.map((report) => /^maxmemory_policy:(\S+)/m.exec(report)?.[1] ?? "unknown");
}

/** Advice for an operator about such policies; `undefined` if all is well. */
export function evictionAdvice(policies: readonly string[]): string | undefined {
  const wrong = [...new Set(policies)].filter((policy) => policy !== "noeviction");
  if (wrong.length === 0) return undefined;
  return `Redis may drop keys when its memory is full (maxmemory-policy ${wrong.join(", ")}): entries of the queue and drafts would vanish. Set maxmemory-policy to noeviction`;
}
