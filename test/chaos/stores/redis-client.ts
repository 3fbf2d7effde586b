import { Redis } from "ioredis";

/** Runs commands on Redis itself, on a connection of its own. */
export async function withRedisClient<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  client.on("error", () => undefined);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}
