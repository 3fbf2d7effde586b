import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TcpGate } from "../../shared/testing/processes/tcp-gate.ts";
import type { RunLog } from "./run-log.ts";
import { withRedisClient } from "./stores/redis-client.ts";
import type { FaultKind, PlannedFault } from "./fault-plan.ts";
import { breakReplicated } from "./stores/replicated-store.ts";
import type { ManagedProcess } from "./managed-process.ts";
import type { ChaosTestbed } from "./testbed.ts";

/** Age of the copy with which a Redis restarts. */
const copyAgeMs = 1500;
/** Maximum time for a shutdown, unless a store that it still has to write to is down. */
const endLimitMs = 12_000;

/** Executes a plan. Faults of one part wait for each other; those of different parts overlap. */
export class FaultInjector {
  readonly #testbed: ChaosTestbed;
  readonly #runLog: RunLog;
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #running = new Set<Promise<void>>();

  constructor(testbed: ChaosTestbed, runLog: RunLog) {
    this.#testbed = testbed;
    this.#runLog = runLog;
  }

  /** Begins a fault and its repair. */
  begin(fault: PlannedFault): void {
    const running = this.#do(fault).catch((error: unknown) => {
      this.#runLog.breach("the harness itself works", `${fault.kind}: ${String(error)}`);
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  /** Resolves when everything is repaired, and every process runs. */
  async repaired(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    const { processes } = this.#testbed;
    await Promise.all(
      processes.map((managed) => managed.inTurn(async () => (managed.running ? undefined : managed.start()))),
    );
  }

  async #do({ kind, target, forMs }: PlannedFault): Promise<void> {
    const { apis, workers, knowledge } = this.#testbed;
    const worker = workers[target % workers.length];
    const api = apis[target % apis.length];
    if (worker === undefined || api === undefined) return;
    switch (kind) {
      case "kill-worker":
        return this.#kill(kind, worker, forMs);
      case "kill-api":
        return this.#kill(kind, api, forMs);
      case "kill-knowledge":
        return this.#kill(kind, knowledge, forMs);
      case "kill-workers":
        await Promise.all(workers.map((each) => this.#kill(kind, each, forMs)));
        return;
      case "end-worker":
        return this.#end(kind, worker, forMs);
      case "end-api":
        return this.#end(kind, api, forMs);
      case "freeze-worker":
      case "zombie":
        return this.#freeze(kind, worker, forMs);
      case "freeze-api":
        return this.#freeze(kind, api, forMs);
      case "partition-worker":
        return this.#inTurn(kind, worker.name, () => stalled(this.#gates([worker.name], "postgres"), forMs));
      case "provider-cut":
        return this.#inTurn(kind, "provider", () => shut(this.#testbed.providerGate, forMs));
      case "postgres-terminate":
      case "postgres-restart":
      case "postgres-crash":
      case "postgres-stall":
        return this.#inTurn(kind, "postgres", () => this.#breakPostgres(kind, forMs));
      case "lose-queue":
      case "redis-empty":
      case "redis-with-data":
      case "redis-old-data":
      case "redis-pause":
      case "redis-stall":
      case "redis-stall-one":
      case "hints-lost":
      case "redis-kill-master":
      case "redis-freeze-master":
      case "redis-pause-master":
      case "redis-kill-replica":
      case "redis-kill-clients": {
        const { redis, replicated } = this.#testbed;
        if (replicated) {
          return this.#inTurn(kind, "redis", (mend) => breakReplicated(replicated, { kind, target, forMs }, mend));
        }
        // The queue on PostgreSQL can be lost alone; the other faults of Redis have no counterpart there.
        if (redis === undefined && kind !== "lose-queue") return;
        return this.#inTurn(kind, redis ? "redis" : "postgres", () => this.#breakRedis(kind, target, forMs));
      }
    }
  }

  async #kill(kind: FaultKind, managed: ManagedProcess, forMs: number): Promise<void> {
    await managed.inTurn(async () => {
      const mend = this.#runLog.begin(kind, managed.name);
      await managed.kill();
      await sleep(forMs);
      await managed.start();
      mend();
    });
  }

  async #end(kind: FaultKind, managed: ManagedProcess, forMs: number): Promise<void> {
    await managed.inTurn(async () => {
      const mend = this.#runLog.begin(kind, managed.name);
      const began = Date.now();
      const { code, ms } = await managed.stop();
      const excused = this.#runLog
        .faultsOf(["postgres", "redis", managed.name], began, Date.now(), 3000)
        .some(({ kind: what, part }) => part !== managed.name || what === "partition-worker");
      if (code !== 0 || (ms > endLimitMs && !excused)) {
        this.#runLog.breach("a process shuts down on SIGTERM", `${managed.name}: ${code} after ${ms} ms`);
      }
      await sleep(forMs);
      await managed.start();
      mend();
    });
  }

  async #freeze(kind: FaultKind, managed: ManagedProcess, forMs: number): Promise<void> {
    await managed.inTurn(async () => {
      const mend = this.#runLog.begin(kind, managed.name);
      managed.pause();
      await sleep(forMs);
      managed.resume();
      mend();
    });
  }

  async #breakPostgres(kind: FaultKind, forMs: number): Promise<void> {
    const { postgres, pool, processes } = this.#testbed;
    if (kind === "postgres-terminate") {
      await pool.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'",
      );
    } else if (kind === "postgres-stall") {
      await stalled(
        this.#gates(
          processes.map(({ name }) => name),
          "postgres",
        ),
        forMs,
      );
    } else {
      await postgres.stop(kind === "postgres-crash" ? "crash" : "in order");
      await sleep(forMs);
      await postgres.start();
    }
  }

  async #breakRedis(kind: FaultKind, target: number, forMs: number): Promise<void> {
    const { redis, processes } = this.#testbed;
    if (redis === undefined) return this.#emptyQueueTables();
    if (kind === "lose-queue") return withRedisClient(redis.url, async (client) => void (await client.flushall()));
    if (kind === "redis-pause") {
      redis.pause();
      await sleep(forMs);
      redis.resume();
    } else if (kind === "redis-stall") {
      await stalled(
        this.#gates(
          processes.map(({ name }) => name),
          "redis",
        ),
        forMs,
      );
    } else if (kind === "redis-stall-one") {
      await stalled(this.#gates([processes[target % processes.length]?.name ?? ""], "redis"), forMs);
    } else if (kind === "hints-lost") {
      // Connections stay open, so that no client notices a gap.
      await withRedisClient(redis.url, (client) => client.acl("SETUSER", "default", "-publish"));
      await sleep(forMs);
      await withRedisClient(redis.url, (client) => client.acl("SETUSER", "default", "+publish"));
    } else {
      // Redis loads a copy of its data that it finds in its folder.
      const folder = await withRedisClient(redis.url, async (client) => {
        if (kind !== "redis-empty") await client.save();
        if (kind === "redis-old-data") await sleep(copyAgeMs);
        return String((await client.config("GET", "dir"))[1]);
      });
      await redis.kill();
      await sleep(forMs);
      await redis.restart();
      await rm(join(folder, "dump.rdb"), { force: true });
    }
  }

  async #emptyQueueTables(): Promise<void> {
    const { rows } = await this.#testbed.pool.query<{ name: string }>(
      "select format('bullmq.%I', tablename) as name from pg_tables where schemaname = 'bullmq' and tablename not like '%migration%'",
    );
    const empty = async (): Promise<unknown> =>
      this.#testbed.pool
        .query(`truncate ${rows.map(({ name }) => name).join(", ")}`)
        .catch((error: { code?: string }) => {
          // Its locks may deadlock with those of the queue's own statements.
          if (error.code === "40P01") return empty();
          throw error;
        });
    await empty();
  }

  #gates(names: readonly string[], store: "postgres" | "redis"): TcpGate[] {
    return names.flatMap((name) => this.#testbed.gates.get(name)?.[store] ?? []);
  }

  #inTurn(kind: FaultKind, part: string, work: (mend: () => void) => Promise<unknown>): Promise<void> {
    const done = (this.#turns.get(part) ?? Promise.resolve()).then(async () => {
      const mend = this.#runLog.begin(kind, part);
      try {
        await work(mend);
      } finally {
        mend();
      }
    });
    this.#turns.set(
      part,
      done.catch(() => undefined),
    );
    return done;
  }
}

async function stalled(gates: readonly TcpGate[], forMs: number): Promise<void> {
  for (const gate of gates) gate.freeze();
  await sleep(forMs);
  for (const gate of gates) gate.thaw();
}

async function shut(gate: TcpGate, forMs: number): Promise<void> {
  await gate.shut();
  await sleep(forMs);
  await gate.reopen();
}
