import { Redis } from "ioredis";
import type { Product } from "./product.ts";

/**
 * Finds the remaining occurrences of a text: in any row of any table of any schema, including the server's own and
 * TOAST tables, and in any key of Redis. The text is matched as it is and in the encodings of its bytes used there.
 * @returns a line for each place
 */
export async function findText(product: Product, text: string): Promise<string[]> {
  const found = await postgresTraces(product, text);
  if (product.redis) found.push(...(await withRedis(product, (redis) => redisTraces(redis, text))));
  return found;
}

export async function withRedis<T>({ redis }: Product, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(redis?.url ?? "");
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

function spellings(text: string): string[] {
  const bytes = Buffer.from(text);
  // In base64, the encoding of a byte depends on its position modulo three.
  return [text, bytes.toString("hex"), ...[0, 1, 2].map((skip) => bytes.subarray(skip, skip + 12).toString("base64"))];
}

async function postgresTraces({ query }: Product, text: string): Promise<string[]> {
  // TOAST tables, which hold long values, have no text form of their rows.
  const tables = await query<{ name: string; row: string }>(
    `select format('%I.%I', nspname, relname) as name, case when relkind = 't' then 'chunk_data::text' else 'r::text' end as row
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where relkind in ('r', 'm', 'p', 't') or relname = 'pg_stat_activity'`,
  );
  const patterns = spellings(text).map((spelling) => `%${spelling}%`);
  const found: string[] = [];
  for (const { name, row } of tables) {
    const rows = await query<{ text: string }>(
      `select left(${row}, 500) as text from ${name} as r where ${row} like any($1)`,
      [patterns],
    );
    found.push(...rows.map((each) => `${name}: ${each.text}`));
  }
  return found;
}

async function redisTraces(redis: Redis, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const key of await redis.keys("*")) {
    const value = JSON.stringify([key, await readRedisKey(redis, key)]);
    if (spellings(text).some((spelling) => value.includes(spelling))) found.push(`${key}: ${value.slice(0, 500)}`);
  }
  return found;
}

export async function readRedisKey(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case "string":
      return redis.get(key);
    case "hash":
      return redis.hgetall(key);
    case "list":
      return redis.lrange(key, 0, -1);
    case "set":
      return redis.smembers(key);
    case "zset":
      return redis.zrange(key, "0", "-1");
    case "stream":
      return redis.xrange(key, "-", "+");
    case "none":
      return undefined;
    default:
      throw new Error(`nobody looks into a ${type} of Redis here`);
  }
}
