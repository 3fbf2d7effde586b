import type { Result } from "ioredis";
import type { RedisClient } from "./connect-redis.ts";

/** Script of the probe. The entry is small, always the same, and expires a minute after the last probe. */
const script = { numberOfKeys: 1, lua: "return redis.call('SET', KEYS[1], ARGV[1], 'PX', 60000)" };

/**
 * Runs a script that writes, as BullMQ and the drafts do: a server that is full, cannot save, or is a replica still
 * answers PING.
 * @throws the server's refusal
 */
export async function probeRedisWrites(redis: RedisClient, key: string): Promise<void> {
  redis.defineCommand("parleyProbe", script);
  await redis.parleyProbe(key, Date.now());
}

declare module "ioredis" {
  interface RedisCommander<Context> {
    parleyProbe(key: string, value: number): Result<"OK", Context>;
  }
}
