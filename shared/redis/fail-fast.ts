import type { RedisBehaviour } from "./connect-redis.ts";

/** A connection that owes an answer for this long is dead, even if the network reports nothing. */
const silenceMs = 2000;

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
    connectTimeout: silenceMs,
    socketTimeout: silenceMs,
    disconnectTimeout: timeoutMs,
  };
}
