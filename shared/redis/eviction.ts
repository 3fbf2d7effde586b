import { Cluster } from "ioredis";
import type { RedisClient } from "./connect-redis.ts";

/**
 * What a Redis does when its memory is full, as its `maxmemory-policy` names it; of a Cluster, each master's.
 * @throws when one does not answer
 */
export async function readEvictionPolicies(redis: RedisClient): Promise<string[]> {
  const servers = redis instanceof Cluster ? redis.nodes("master") : [redis];
  const reports = await Promise.all(servers.map((server) => server.info("memory")));
  return reports.map((report) => /^maxmemory_policy:(\S+)/m.exec(report)?.[1] ?? "unknown");
}

/** What an operator is told about such policies; `undefined` where all is well. */
export function evictionAdvice(policies: readonly string[]): string | undefined {
  const wrong = [...new Set(policies)].filter((policy) => policy !== "noeviction");
  if (wrong.length === 0) return undefined;
  return `Redis may drop keys when its memory is full (maxmemory-policy ${wrong.join(", ")}): entries of the queue and drafts would vanish. Set maxmemory-policy to noeviction`;
}
