import { Redis } from "ioredis";

/** Opens a client for questions about the Redis server itself. */
export function openRedis(stack: AsyncDisposableStack, url: string | undefined): Redis {
  if (url === undefined) throw new Error("there is no Redis here");
  return stack.adopt(new Redis(url), (redis) => redis.disconnect());
}
