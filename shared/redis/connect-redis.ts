import { Cluster, Redis, type RedisOptions } from "ioredis";
import { linearBackoffMs } from "../async/backoff.ts";
import { within } from "../async/within.ts";
import { guardDatabase } from "./guard-database.ts";
import { type Address, parseRedisUrl, type RedisTarget } from "./redis-url.ts";

/** A connection to Redis, or to all nodes of a Cluster. */
export type RedisClient = Redis | Cluster;

/**
 * Options of a connection; see ioredis. `enableOfflineQueue: false` with a `commandTimeout` fails fast, for callers
 * that must answer. A BullMQ worker waits, with `maxRetriesPerRequest: null` and without a `commandTimeout`, which
 * would end it.
 */
export interface RedisBehaviour extends Pick<
  RedisOptions,
  | "autoResendUnfulfilledCommands"
  | "autoResubscribe"
  | "commandTimeout"
  | "connectTimeout"
  | "disconnectTimeout"
  | "enableOfflineQueue"
  | "maxRetriesPerRequest"
  | "protocol"
  | "socketTimeout"
> {
  scripts?: Record<string, { lua: string; numberOfKeys?: number }>;
}

/** Reconnects within a second of Redis' return; ioredis' own backoff grows to seconds. */
const retryStrategy = (attempts: number) => linearBackoffMs(attempts, { firstMs: 100, longestMs: 1000 });
const sentinelTimeoutMs = 1000;
/**
 * Number and delay of a call's redirections in a Cluster before it fails: enough for slots that have moved, not for a
 * failover.
 */
const redirections = { maxRedirections: 4, retryDelayOnFailover: 50, retryDelayOnClusterDown: 50 };

/**
 * Options for a Cluster connection that waits without limit. A silent node ends no connection and moves no slot, so its
 * replacement is only found by polling. The ready check asks a single node, and a silent one would block everything.
 */
const patience = { slotsRefreshInterval: 5000, enableReadyCheck: false };

/**
 * Opens a connection to the target of a `REDIS_URL`. It reconnects forever, even when Redis was down at first, and
 * follows failovers.
 * @param onError receives the first error of each outage
 * @throws {RedisUrlError} when the URL cannot be read
 */
export function connectRedis(url: string, behaviour: RedisBehaviour, onError: (error: Error) => void): RedisClient {
  const target = parseRedisUrl(url);
  const access = accessOf(target);
  if (target.kind === "cluster") {
    const { enableOfflineQueue, scripts, ...ofNodes } = behaviour;
    const cluster = new Cluster(target.nodes, {
      ...(enableOfflineQueue !== undefined && { enableOfflineQueue }),
      ...(scripts !== undefined && { scripts }),
      clusterRetryStrategy: retryStrategy,
      ...(behaviour.commandTimeout === undefined && patience),
      ...redirections,
      // Certificates contain names, seldom addresses.
      ...(target.tls && { dnsLookup: (host: string, found: LookedUp) => found(null, host) }),
      redisOptions: { ...access, ...ofNodes },
    });
    return reportOutages(cluster, onError);
  }
  const common = { ...access, db: target.db, retryStrategy, reconnectOnError: isReplica, ...behaviour };
  if (target.kind === "server" || target.kind === "socket") {
    const place = target.kind === "socket" ? { path: target.path } : { host: target.host, port: target.port };
    return reportOutages(guardDatabase(new Redis({ ...common, ...place })), onError);
  }
  const { sentinelUsername, sentinelPassword } = target;
  const redis = new Redis({
    ...common,
    sentinels: target.sentinels,
    name: target.master,
    sentinelRetryStrategy: retryStrategy,
    // For seconds after a failover requested by an operator, the old master accepts writes that will be lost.
    failoverDetector: true,
    sentinelCommandTimeout: sentinelTimeoutMs,
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(target.tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
  });
  return reportOutages(guardDatabase(redis), onError);
}

/**
 * Opens a connection to one node of a Cluster, which ends for good when it is lost.
 * @param url URL of the Cluster
 */
export function connectNode(url: string, address: Address, behaviour: RedisBehaviour): Redis {
  const redis = new Redis({ ...accessOf(parseRedisUrl(url)), ...behaviour, ...address, retryStrategy: () => null });
  // Pending calls receive the error; the Cluster's own connections report outages.
  redis.on("error", () => undefined);
  return redis;
}

function accessOf({ username, password, tls }: RedisTarget) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  };
}

type LookedUp = (error: null, address: string) => void;

/** Maximum wait for the end: a Cluster that ends while it connects does not always report it. */
const endedMs = 1000;

/** Disconnects at once; resolves when the connection has ended. */
export async function disconnectRedis(redis: RedisClient): Promise<void> {
  // Between two connections there is no socket that could end. An ended Cluster may report `close`.
  const open = !["end", "reconnecting", "close"].includes(redis.status);
  const ended = open ? new Promise((resolve) => redis.once("end", resolve)) : undefined;
  redis.disconnect();
  await within(endedMs, Promise.resolve(ended)).catch(() => undefined);
}

/** Detects a server that has become a replica: a new connection finds the master. */
function isReplica(error: Error): boolean {
  return error.message.startsWith("READONLY");
}

function reportOutages<Client extends RedisClient>(redis: Client, onError: (error: Error) => void): Client {
  let reported = false;
  const report = (error: Error) => {
    if (!reported) onError(error);
    reported = true;
  };
  redis.on("ready", () => (reported = false));
  redis.on("error", report);
  // Error of one node of a Cluster; the others work.
  redis.on("node error", report);
  return redis;
}
