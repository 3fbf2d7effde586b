import { Cluster, Redis, type RedisOptions } from "ioredis";
import { within } from "../process/lifecycle.ts";
import { guardDatabase } from "./guard-database.ts";
import { type Address, parseRedisUrl, type RedisTarget } from "./redis-url.ts";

/** A connection to Redis, or to all nodes of a Cluster. */
export type RedisClient = Redis | Cluster;

/**
 * How a connection behaves; see ioredis. `enableOfflineQueue: false` with a `commandTimeout` fails fast, for whoever must
 * answer; a BullMQ worker waits, with `maxRetriesPerRequest: null` and without a `commandTimeout`, which would end it.
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
  scripts?: Record<string, { lua: string; numberOfKeys: number }>;
}

/** Back within a second of Redis' return; ioredis' own backoff grows to seconds. */
const retryStrategy = (attempts: number) => Math.min(attempts * 100, 1000);
const sentinelTimeoutMs = 1000;
/**
 * How often, and how quickly one after the other, a call to a Cluster goes to another node before it fails: enough for
 * slots that have moved, not for a failover.
 */
const redirections = { maxRedirections: 4, retryDelayOnFailover: 50, retryDelayOnClusterDown: 50 };

/**
 * For a connection to a Cluster that waits without limit. A node that fell silent ends no connection and moves nothing:
 * that another took its place must be asked for. And the ready check asks any one node: a silent one would hold up all.
 */
const patience = { slotsRefreshInterval: 5000, enableReadyCheck: false };

/**
 * Opens a connection to what a `REDIS_URL` says. It reconnects for ever, also when Redis was away at first, and follows
 * failovers.
 * @param onError hears the first error of each outage
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
      // Names stand in certificates, addresses seldom do.
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
    // For seconds after a failover that an operator asked for, the server before it takes what will be lost.
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
 * @param url the Cluster's
 */
export function connectNode(url: string, address: Address, behaviour: RedisBehaviour): Redis {
  const redis = new Redis({ ...accessOf(parseRedisUrl(url)), ...behaviour, ...address, retryStrategy: () => null });
  // Who waits for an answer hears of it; the Cluster's own connections report outages.
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

/** Of a Cluster that ends while it connects, the end is not always told. */
const endedMs = 1000;

/** Ends it at once; resolves when it has ended. */
export async function disconnectRedis(redis: RedisClient): Promise<void> {
  // Between two connections there is no socket that could end; a Cluster that has ended may call itself closed.
  const open = !["end", "reconnecting", "close"].includes(redis.status);
  const ended = open ? new Promise((resolve) => redis.once("end", resolve)) : undefined;
  redis.disconnect();
  await within(endedMs, Promise.resolve(ended)).catch(() => undefined);
}

/** The server has become a replica: a new connection finds the master. */
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
  // Of one node of a Cluster; the others work.
  redis.on("node error", report);
  return redis;
}
