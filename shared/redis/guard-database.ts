import type { Redis } from "ioredis";

/**
 * Keeps a connection out of database 0 when the server refuses the one it is for: ioredis reports that and goes on there,
 * where another installation may have its queue. Such a connection ends before it is ready, and is tried again.
 */
export function guardDatabase(redis: Redis): Redis {
  redis.on("error", (error) => {
    if (isRefusedDatabase(error)) redis.disconnect(true);
  });
  const duplicate = redis.duplicate.bind(redis);
  // BullMQ makes another one like it for calls that block.
  redis.duplicate = (override) => guardDatabase(duplicate(override));
  return redis;
}

/** Whether an error of a connection says that its database cannot be selected. */
export function isRefusedDatabase(error: unknown): boolean {
  if (!(error instanceof Error) || !("command" in error)) return false;
  const { command } = error;
  return typeof command === "object" && command !== null && "name" in command && command.name === "select";
}
