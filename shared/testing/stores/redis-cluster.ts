import { setTimeout as sleep } from "node:timers/promises";
import { askRedis } from "./ask-redis.ts";
import { findFreePort } from "../processes/free-port.ts";
import { startRedis, type RedisServer } from "./redis.ts";

/** A Redis Cluster for one test. Its nodes can fail like a `RedisServer`; a restarted node resumes its role. */
export interface RedisCluster extends AsyncDisposable {
  /** Value for `REDIS_URL`. */
  readonly url: string;
  readonly servers: readonly RedisServer[];
  /** Returns the nodes that currently hold slots and answer. */
  readonly masters: () => Promise<RedisServer[]>;
  /** Returns the node that holds a key. */
  readonly masterOf: (key: string) => Promise<RedisServer>;
  /** Moves a key's slot, with all its keys, to another master. */
  readonly moveSlotOf: (key: string) => Promise<void>;
  /**
   * Resolves once every slot has a master that answers, all nodes that answer know it, and all replicas are up to date:
   * after a start, a failover, or the return of a node.
   */
  readonly healthy: () => Promise<void>;
}

interface ClusterOptions {
  masters?: number;
  /** Replicas of each master. With at least one, a failover replaces a dead master within about five seconds. */
  replicas?: number;
}

const slotCount = 16_384;
/**
 * Silence after which a node is considered dead; a busy machine must not reach it. Without replicas the detection gains
 * nothing, and a node that was frozen is trusted again only after a while.
 */
const nodeTimeoutMs = { withReplicas: 3000, without: 60_000 };
const healthyLimitMs = 30_000;

export async function startRedisCluster({ masters = 3, replicas = 0 }: ClusterOptions = {}): Promise<RedisCluster> {
  await using stack = new AsyncDisposableStack();
  const timeoutMs = replicas > 0 ? nodeTimeoutMs.withReplicas : nodeTimeoutMs.without;
  const servers = await Promise.all(Array.from({ length: masters * (1 + replicas) }, () => startNode(timeoutMs)));
  for (const server of servers) stack.use(server);
  // Nodes of the same epoch conflict, future replicas too, and take new ones at any moment: a master that dies then has no
  // replica that may follow it, as the others know a later epoch of it than its replica does.
  await Promise.all(servers.map((server, index) => askRedis(server, "CLUSTER", "SET-CONFIG-EPOCH", index + 1)));
  await Promise.all(servers.slice(0, masters).map((server, index) => giveSlots(server, index, masters)));
  await introduce(servers);
  const cluster = describeCluster(servers);
  await cluster.healthy();
  await Promise.all(servers.slice(masters).map((server, index) => follow(server, servers[index % masters])));
  await cluster.healthy();
  const owned = stack.move();
  return { ...cluster, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function startNode(timeoutMs: number): Promise<RedisServer> {
  // By default the bus port is the other port plus ten thousand, which may be invalid. The other nodes remember it.
  const busPort = await findFreePort();
  return startRedis({
    settings: () => ({
      "cluster-enabled": "yes",
      "cluster-node-timeout": `${timeoutMs}`,
      "cluster-port": `${busPort}`,
      // By default a replica waits five seconds for other replicas to sync with it.
      "repl-diskless-sync-delay": "0",
      // A test's replica is never too old to take over.
      "cluster-replica-validity-factor": "0",
    }),
  });
}

async function giveSlots(server: RedisServer, index: number, masters: number): Promise<void> {
  const first = Math.ceil((slotCount * index) / masters);
  const last = Math.ceil((slotCount * (index + 1)) / masters) - 1;
  await askRedis(server, "CLUSTER", "ADDSLOTSRANGE", first, last);
}

async function introduce([first, ...others]: RedisServer[]): Promise<void> {
  if (first === undefined) return;
  const [, busPort] = /@(\d+)/.exec(String(await askRedis(first, "CLUSTER", "NODES"))) ?? [];
  for (const other of others) {
    await askRedis(other, "CLUSTER", "MEET", "127.0.0.1", first.port, busPort ?? "");
  }
  await until(async () => (await nodes(first)).length === others.length + 1);
}

async function follow(replica: RedisServer, master: RedisServer | undefined): Promise<void> {
  if (master === undefined) return;
  const id = String(await askRedis(master, "CLUSTER", "MYID"));
  await until(async () => (await nodes(replica)).some((node) => node.id === id));
  await askRedis(replica, "CLUSTER", "REPLICATE", id);
  await until(async () => String(await askRedis(replica, "INFO", "replication")).includes("master_link_status:up"));
}

function describeCluster(servers: readonly RedisServer[]): Omit<RedisCluster, typeof Symbol.asyncDispose> {
  const answering = async () => {
    const answers = await Promise.all(servers.map((server) => nodes(server).catch(() => undefined)));
    return servers.flatMap((server, index) => {
      const own = answers[index]?.find(({ flags }) => flags.includes("myself"));
      return own === undefined ? [] : [{ server, own }];
    });
  };
  const masters = async () =>
    (await answering()).filter(({ own }) => own.isMaster && own.slots > 0).map(({ server }) => server);
  const masterOf = async (key: string) => {
    for (const server of await masters()) {
      const kept = await askRedis(server, "EXISTS", key).catch(() => "moved");
      if (kept !== "moved") return server;
    }
    throw new Error("no node holds the key");
  };
  return {
    url: `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`,
    servers,
    masters,
    masterOf,
    moveSlotOf: async (key) => {
      const from = await masterOf(key);
      const to = (await masters()).find((server) => server !== from);
      if (to === undefined) throw new Error("there is no other master");
      await moveSlot(Number(await askRedis(from, "CLUSTER", "KEYSLOT", key)), from, to, await masters());
    },
    healthy: () =>
      until(async () => {
        const found = await answering();
        const slots = found.filter(({ own }) => own.isMaster).reduce((sum, { own }) => sum + own.slots, 0);
        if (slots !== slotCount) return false;
        const states = await Promise.all(
          found.map(async ({ server }) => [
            String(await askRedis(server, "CLUSTER", "INFO")),
            String(await askRedis(server, "INFO", "replication")),
          ]),
        );
        return states.every(
          ([cluster, copy]) => cluster?.includes("cluster_state:ok") && !copy?.includes("master_link_status:down"),
        );
      }),
  };
}

async function moveSlot(slot: number, from: RedisServer, to: RedisServer, all: RedisServer[]): Promise<void> {
  const [fromId, toId] = await Promise.all([from, to].map((server) => askRedis(server, "CLUSTER", "MYID")));
  await askRedis(to, "CLUSTER", "SETSLOT", slot, "IMPORTING", String(fromId));
  await askRedis(from, "CLUSTER", "SETSLOT", slot, "MIGRATING", String(toId));
  const keys = (await askRedis(from, "CLUSTER", "GETKEYSINSLOT", slot, 10_000)) as string[];
  if (keys.length > 0) await askRedis(from, "MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", ...keys);
  for (const server of [to, from, ...all]) await askRedis(server, "CLUSTER", "SETSLOT", slot, "NODE", String(toId));
}

interface Node {
  id: string;
  flags: string[];
  isMaster: boolean;
  /** Number of slots it holds. */
  slots: number;
}

/** Returns the Cluster as one node sees it. */
async function nodes(server: RedisServer): Promise<Node[]> {
  const lines = String(await askRedis(server, "CLUSTER", "NODES"))
    .trim()
    .split("\n");
  return lines.map((line) => {
    const [id = "", , flags = "", , , , , , ...ranges] = line.split(" ");
    const held = ranges.filter((range) => !range.startsWith("[")).map((range) => range.split("-").map(Number));
    const slots = held.reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
    return { id, flags: flags.split(","), isMaster: flags.includes("master"), slots };
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + healthyLimitMs;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) throw new Error("the Cluster does not come to rest");
    await sleep(50);
  }
}
