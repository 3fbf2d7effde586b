import { startRedisSentinel } from "../../../shared/testing/stores/redis-sentinel.ts";
import { withRetry, type ReplicatedStore } from "./replicated-store.ts";

/** A master and a replica, and the three sentinels that watch them. */
export async function openSentinel(): Promise<ReplicatedStore> {
  const sentinel = await startRedisSentinel();
  return {
    url: sentinel.url,
    servers: sentinel.servers,
    masters: () => withRetry(async () => [await sentinel.master()]),
    failedOver: (from) => sentinel.failedOver(from),
    healthy: () => sentinel.healthy(),
    [Symbol.asyncDispose]: () => sentinel[Symbol.asyncDispose](),
  };
}
