import { ConfigError } from "../config/config.ts";
import { within } from "../async/within.ts";
import { connectRedis, disconnectRedis } from "./connect-redis.ts";
import { isRefusedDatabase } from "./guard-database.ts";
import { parseRedisUrl } from "./redis-url.ts";

/**
 * Time limit of the check. A server that is down says nothing about its databases, and a start does not wait for it.
 */
const answerMs = 2000;

/**
 * Refuses a `REDIS_URL` whose server is up and lacks the database it names.
 * @throws {ConfigError}
 */
export async function requireRedisDatabase(url: string): Promise<void> {
  const target = parseRedisUrl(url);
  if (target.kind === "cluster" || target.db === 0) return;
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  const redis = connectRedis(url, { connectTimeout: answerMs }, resolve);
  redis.once("ready", () => resolve(undefined));
  const trouble = await within(answerMs, promise).catch(() => undefined);
  await disconnectRedis(redis);
  if (trouble === undefined || !isRefusedDatabase(trouble)) return;
  throw new ConfigError(
    `REDIS_URL: the server refuses database ${target.db} (${trouble.message}): name one below its setting \`databases\` (16 unless it is set), or raise that`,
  );
}
