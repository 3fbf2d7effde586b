import type { Redis } from "ioredis";

/**
 * Keeps a connection out of database 0 when the server refuses the configured one. ioredis reports that and continues
 * in database 0, where another installation may have its queue. Such a connection ends before it is ready, and is
 * retried.
 */
export function guardDatabase(redis: Redis): Redis {
  redis.on("error", (error) => {
    if (isRefusedDatabase(error)) redis.disconnect(true);
  });
  const duplicate = redis.duplicate.bind(redis);
  // BullMQ duplicates the connection for calls that block.
  redis.duplicate = (override) => guardDatabase(duplicate(override));
  return redis;
}

/** True if an error of a connection says that its database cannot be selected. */
export function isRefusedDatabase(error: unknown): boolean {
  if (!(error instanceof Error) || !("command" in error)) return false;
  const { command } = error;
  return typeof command === "object" && command !== null && "name" in command && command.name === "select";
}
