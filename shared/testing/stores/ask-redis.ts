import { Redis } from "ioredis";

/** Timeout after which a server counts as frozen. */
const answerMs = 1000;

/** Runs one command on a separate connection named `test`. */
export async function askRedis(
  { port }: { port: number },
  command: string,
  ...args: (string | number)[]
): Promise<unknown> {
  const client = new Redis(port, "127.0.0.1", {
    lazyConnect: true,
    connectionName: "test",
    protocol: 2,
    retryStrategy: () => null,
    commandTimeout: answerMs,
    enableReadyCheck: false,
  });
  client.on("error", () => undefined);
  try {
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}
