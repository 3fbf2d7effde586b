import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RedisServer } from "../../../shared/testing/stores/redis.ts";
import { withRedisClient } from "./redis-client.ts";
import type { FaultKind, PlannedFault } from "../fault-plan.ts";

/** A Redis of several servers: if a master falls silent, another one replaces it. */
export interface ReplicatedStore extends AsyncDisposable {
  /** Value for `REDIS_URL`. */
  readonly url: string;
  readonly servers: readonly RedisServer[];
  /** Lists the masters; the one with the queue is first. */
  masters(): Promise<RedisServer[]>;
  /** Resolves once another server has replaced this silent one. */
  failedOver(from: RedisServer): Promise<void>;
  /** Resolves once all servers are up, and each master has an up-to-date replica. */
  healthy(): Promise<void>;
}

const maxTries = 10;

/** Retries an answer, which may be late on a busy machine. */
export async function withRetry<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === maxTries) throw error;
      await sleep(200);
    }
  }
}

/**
 * Breaks and repairs a store. Resolves when each master has a replica again, so that no fault meets a master without
 * one.
 * @param serves called when clients can be served again, before that
 */
export async function breakReplicated(
  store: ReplicatedStore,
  { kind, target, forMs }: Pick<PlannedFault, "kind" | "target" | "forMs">,
  serves: () => void,
): Promise<void> {
  const masters = await store.masters();
  // Most often the master with the queue.
  const master = masters[target % 2 === 0 ? 0 : target % masters.length];
  const replicas = store.servers.filter((server) => !masters.includes(server));
  const replica = replicas[target % replicas.length];
  if (master === undefined || replica === undefined) throw new Error("the store has no master, or no replica");
  const inject = faults[kind];
  if (inject === undefined) throw new Error(`${kind} is not possible with a replicated store`);
  await inject({ store, masters, master, replica, forMs, serves });
  await store.healthy();
}

interface FaultTargets {
  store: ReplicatedStore;
  masters: readonly RedisServer[];
  /** Servers that are to fail. */
  master: RedisServer;
  replica: RedisServer;
  forMs: number;
  serves: () => void;
}

const faults: Partial<Record<FaultKind, (parts: FaultTargets) => Promise<unknown>>> = {
  async "redis-kill-master"({ store, master, forMs, serves }) {
    await master.kill();
    await Promise.all([store.failedOver(master).then(serves), sleep(forMs)]);
    await master.restart();
  },
  async "redis-freeze-master"({ store, master, forMs, serves }) {
    master.pause();
    await Promise.all([store.failedOver(master).then(serves), sleep(forMs)]);
    master.resume();
  },
  async "redis-pause-master"({ master, forMs, serves }) {
    master.pause();
    await sleep(forMs);
    master.resume();
    serves();
  },
  async "redis-kill-replica"({ replica, forMs, serves }) {
    await replica.kill();
    await sleep(forMs);
    await replica.restart();
    serves();
  },
  async "redis-kill-clients"({ store: { servers } }) {
    await onEach(servers, "CLIENT", "KILL", "TYPE", "normal");
    await onEach(servers, "CLIENT", "KILL", "TYPE", "pubsub");
  },
  async "hints-lost"({ store: { servers }, forMs }) {
    await onEach(servers, "ACL", "SETUSER", "default", "-publish", "-spublish");
    await sleep(forMs);
    await onEach(servers, "ACL", "SETUSER", "default", "+publish", "+spublish");
  },
  "lose-queue": ({ masters }) => onEach(masters, "FLUSHALL"),
  "redis-empty": (parts) => restartAll(parts, "empty"),
  "redis-with-data": (parts) => restartAll(parts, "with its data"),
};

async function restartAll(
  { store: { servers }, masters, forMs }: FaultTargets,
  how: "empty" | "with its data",
): Promise<void> {
  const folders = (await onEach(servers, "CONFIG", "GET", "dir")).map((answer) => String((answer as string[])[1]));
  // Redis loads a copy of its data found in its folder; a replica writes one there unasked.
  const forget = () => Promise.all(folders.map((folder) => rm(join(folder, "dump.rdb"), { force: true })));
  if (how === "with its data") await onEach(masters, "SAVE");
  await Promise.all(servers.map((server) => server.kill()));
  if (how === "empty") await forget();
  await sleep(forMs);
  await Promise.all(servers.map((server) => server.restart()));
  await forget();
}

async function onEach(servers: readonly RedisServer[], command: string, ...args: string[]): Promise<unknown[]> {
  return Promise.all(servers.map(({ url }) => withRedisClient(url, (client) => client.call(command, ...args))));
}
