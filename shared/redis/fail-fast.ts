import { silentConnectionMs } from "../tunables.ts";
import type { RedisBehaviour } from "./connect-redis.ts";

/**
 * Fails fast: no call waits for Redis to come up, and none is sent twice. ioredis does not restore topics, because it
 * forgets those just requested.
 * @param timeoutMs maximum time that the end of a connection takes
 */
export function failFast(timeoutMs: number): RedisBehaviour {
  return {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    connectTimeout: silentConnectionMs,
    socketTimeout: silentConnectionMs,
    disconnectTimeout: timeoutMs,
  };
}
