import { Cluster, type Redis } from "ioredis";
import { describeError } from "../../shared/describe-error.ts";
import { within } from "../../shared/async/within.ts";
import { connectRedis, disconnectRedis } from "../../shared/redis/connect-redis.ts";
import { evictionAdvice, readEvictionPolicies } from "../../shared/redis/eviction.ts";
import { parseRedisUrl } from "../../shared/redis/redis-url.ts";
import { describeRefusal } from "../../shared/stores/store-refusal.ts";
import { checkQueue } from "./check-queue.ts";
import { checkClock } from "./clock.ts";
import { type Finding, fault, note, ok } from "./findings.ts";

const answerMs = 5000;
/** BullMQ's minimum version. */
const oldestSupported = [6, 2];

/** Checks that Redis answers, is new enough, and keeps its data. */
export async function checkRedis(url: string, databaseUrl: string): Promise<Finding[]> {
  let trouble: unknown;
  const redis = connectRedis(url, { connectTimeout: answerMs, maxRetriesPerRequest: 1 }, (error) => (trouble = error));
  try {
    await within(answerMs, redis.ping());
    const servers = redis instanceof Cluster ? redis.nodes("master") : [redis];
    const findings = await Promise.all(servers.map(checkServer));
    const queue = await checkQueue({ redisUrl: url, databaseUrl });
    return [...findings.flat(), ...(await checkEviction(redis)), queue, ...checkWay(url)];
  } catch (error) {
    const refusal = describeRefusal(trouble ?? error);
    if (refusal) return [fault(`Redis at ${placesOf(url)} refuses: ${refusal.text}`, refusal.mend)];
    const mend = "check that it is running, and that host, user and password in REDIS_URL are correct";
    return [fault(`Redis at ${placesOf(url)} does not answer: ${describeError(trouble ?? error)}`, mend)];
  } finally {
    await within(answerMs, disconnectRedis(redis)).catch(() => undefined);
  }
}

async function checkServer(server: Redis): Promise<Finding[]> {
  const began = performance.now();
  const info = await within(answerMs, server.info());
  const ms = (performance.now() - began).toFixed(1);
  const place = placeOf(server);
  const read = (key: string) => new RegExp(`^${key}:(\\S+)`, "m").exec(info)?.[1];
  const product = read("server_name") === "valkey" ? "Valkey" : "Redis";
  const version = (product === "Valkey" ? read("valkey_version") : read("redis_version")) ?? "of an unknown version";
  const said = `${product} ${version} at ${place} answers in ${ms} ms`;
  const persists = read("aof_enabled") === "1";
  return [
    isOld(read("redis_version")) ? fault(said, `use Redis ${oldestSupported.join(".")} or newer`) : ok(said),
    await checkClock("Redis", () => readTime(server)),
    persists
      ? ok("it has an append-only file")
      : note(
          "it has no append-only file: after a restart, the workers restore the queue from PostgreSQL",
          "set appendonly yes to avoid the seconds that this takes",
        ),
  ];
}

/** The address of the connected server; options do not contain an address named by a Sentinel. */
function placeOf({ stream, options }: Redis): string {
  if (options.path !== undefined) return options.path;
  const { remoteAddress, remotePort } = "remotePort" in stream ? stream : {};
  return `${remoteAddress ?? options.host}:${remotePort ?? options.port}`;
}

async function readTime(server: Redis): Promise<number> {
  const [seconds, microseconds] = await within(answerMs, server.time());
  return Number(seconds) * 1000 + Number(microseconds) / 1000;
}

async function checkEviction(redis: Redis | Cluster): Promise<Finding[]> {
  const advice = evictionAdvice(await within(answerMs, readEvictionPolicies(redis)));
  return [advice === undefined ? ok("maxmemory-policy noeviction") : fault(advice)];
}

function checkWay(url: string): Finding[] {
  const target = parseRedisUrl(url);
  const local =
    target.kind === "socket" || (target.kind === "server" && ["localhost", "127.0.0.1", "::1"].includes(target.host));
  if (target.tls || local) return [];
  return [note("the connection to it is not encrypted", "use rediss:// unless the network is private")];
}

function isOld(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = oldestSupported;
  return version !== undefined && (major < leastMajor || (major === leastMajor && minor < leastMinor));
}

/** The parts of a URL that may be shown. */
function placesOf(url: string): string {
  const target = parseRedisUrl(url);
  if (target.kind === "socket") return target.path;
  const addresses = target.kind === "server" ? [target] : target.kind === "cluster" ? target.nodes : target.sentinels;
  return addresses.map(({ host, port }) => `${host}:${port}`).join(", ");
}
