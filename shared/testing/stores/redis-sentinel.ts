import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { askRedis } from "./ask-redis.ts";
import { findFreePort } from "../processes/free-port.ts";
import { startRedis, type RedisServer } from "./redis.ts";
import { type RedisProcess, startRedisProcess } from "./redis-process.ts";

/** A Redis, a replica of it, and three Sentinels that promote the replica when the master dies. */
export interface RedisSentinel extends AsyncDisposable {
  /** Value for `REDIS_URL`. */
  readonly url: string;
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly { port: number }[];
  /** Returns the server that the Sentinels send clients to, dead or not. */
  master(): Promise<RedisServer>;
  /** Resolves once the Sentinels send clients to another server than this one, and it is a master. */
  failedOver(from: RedisServer): Promise<void>;
  /** Resolves once the master has a replica that is up to date: before that a failover is impossible. */
  replicated(): Promise<void>;
  /** Resolves once that is so and every Sentinel knows it, after the return of a server. */
  healthy(): Promise<void>;
}

const masterName = "parley";
const sentinelCount = 3;
/** Silence after which a server is considered dead; a busy machine must not reach it. */
const downAfterMs = 3000;
const settleLimitMs = 30_000;

export async function startRedisSentinel(): Promise<RedisSentinel> {
  await using stack = new AsyncDisposableStack();
  const sentinels: { process: RedisProcess; port: number }[] = [];
  const masterPort = async () => {
    const [watcher] = sentinels;
    if (watcher === undefined) return undefined;
    const address = await askRedis(watcher, "SENTINEL", "get-master-addr-by-name", masterName);
    return Number(Array.isArray(address) ? address[1] : undefined);
  };
  // A restarted server follows the current master, as it would with a writable configuration file.
  const settings =
    (master?: RedisServer) =>
    async ({ port }: { port: number }) => {
      const followed = (await masterPort()) ?? master?.port ?? port;
      return { ...syncAtOnce, ...(followed !== port && { replicaof: ["127.0.0.1", `${followed}`] }) };
    };
  const first = stack.use(await startRedis({ settings: settings() }));
  const second = stack.use(await startRedis({ settings: settings(first) }));
  const servers = [first, second];
  const folder = await mkdtemp(join(tmpdir(), "parley-sentinel-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  sentinels.push(
    ...(await Promise.all(Array.from({ length: sentinelCount }, () => startSentinel(folder, first.port)))),
  );
  for (const { process } of sentinels) stack.defer(() => end(process));

  const master = async () => {
    const port = await masterPort();
    const found = servers.find((server) => server.port === port);
    if (found === undefined) throw new Error("the Sentinels know no master");
    return found;
  };
  const isReplicated = async () =>
    /slave0:.*state=online/.test(String(await askRedis(await master(), "INFO", "replication")));
  const replicated = () => until(isReplicated);
  await until(async () => {
    const known = await Promise.all(
      sentinels.map(async ({ port }) => String(await askRedis({ port }, "SENTINEL", "ckquorum", masterName))),
    );
    return known.every((answer) => answer.startsWith(`OK ${sentinelCount}`));
  });
  await replicated();

  const owned = stack.move();
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",")}/${masterName}`,
    servers,
    sentinels,
    master,
    failedOver: (from) =>
      until(async () => {
        const now = await master();
        return now !== from && String(await askRedis(now, "INFO", "replication")).includes("role:master");
      }),
    replicated,
    healthy: () =>
      until(async () => (await isReplicated()) && (await Promise.all(sentinels.map(knowsGoodReplica))).every(Boolean)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** By default a replica waits five seconds for other replicas to sync with it. */
const syncAtOnce = { "repl-diskless-sync-delay": "0" };

/** True if a Sentinel knows a good replica: only such a one is promoted. */
async function knowsGoodReplica({ port }: { port: number }): Promise<boolean> {
  const [replica] = (await askRedis({ port }, "SENTINEL", "replicas", masterName)) as string[][];
  return replica?.[replica.indexOf("flags") + 1] === "slave";
}

async function startSentinel(folder: string, masterPort: number): Promise<{ process: RedisProcess; port: number }> {
  const port = await findFreePort();
  const file = join(folder, `${port}.conf`);
  await writeFile(
    file,
    [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${folder}`,
      `sentinel monitor ${masterName} 127.0.0.1 ${masterPort} 2`,
      `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
      `sentinel failover-timeout ${masterName} 5000`,
    ].join("\n"),
  );
  const process = await startRedisProcess([file, "--sentinel"], /Sentinel ID is/);
  await until(async () => (await askRedis({ port }, "PING")) === "PONG");
  return { process, port };
}

async function end(process: RedisProcess): Promise<void> {
  process.kill("SIGKILL");
  await process.exited;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + settleLimitMs;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) throw new Error("the Sentinels do not come to rest");
    await sleep(50);
  }
}
