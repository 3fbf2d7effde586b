import { Random } from "./random.ts";

/** Stores of the product beside PostgreSQL: none, one Redis, or a Redis of several servers. */
export type ChaosBackend = "postgres" | "redis" | "cluster" | "sentinel";

export const faultKinds = [
  // Processes.
  "kill-worker",
  "kill-api",
  "kill-workers",
  "end-worker",
  "end-api",
  "freeze-worker",
  "freeze-api",
  "zombie",
  "kill-knowledge",
  // Redis, or the queue's tables without Redis.
  "lose-queue",
  "redis-empty",
  "redis-with-data",
  "redis-old-data",
  "redis-pause",
  "redis-stall",
  "redis-stall-one",
  "hints-lost",
  // Redis of several servers; `redis-empty` and `redis-with-data` affect all of them.
  "redis-kill-master",
  "redis-freeze-master",
  "redis-pause-master",
  "redis-kill-replica",
  "redis-kill-clients",
  // PostgreSQL.
  "postgres-terminate",
  "postgres-restart",
  "postgres-crash",
  "postgres-stall",
  "partition-worker",
  // The provider.
  "provider-cut",
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface PlannedFault {
  /** Time after the start. */
  atMs: number;
  kind: FaultKind;
  /** Index of the affected process, modulo their number. */
  target: number;
  /** Duration until the repair. */
  forMs: number;
}

interface Shape {
  kind: FaultKind;
  leastMs: number;
  mostMs: number;
  /** True if longer than a lease; left out of short runs. */
  long?: boolean;
  /**
   * True if PostgreSQL must be healthy meanwhile. A worker that has just seen it down reclaims no job for a lease, so
   * no other worker would conflict with the one that resumes.
   */
  calm?: boolean;
}

const shapes: readonly Shape[] = [
  { kind: "kill-worker", leastMs: 200, mostMs: 3000 },
  { kind: "kill-worker", leastMs: 200, mostMs: 3000 },
  { kind: "kill-api", leastMs: 200, mostMs: 3000 },
  { kind: "kill-workers", leastMs: 200, mostMs: 2000 },
  { kind: "end-worker", leastMs: 0, mostMs: 1000 },
  { kind: "end-api", leastMs: 0, mostMs: 1000 },
  { kind: "freeze-worker", leastMs: 1000, mostMs: 5000 },
  { kind: "freeze-api", leastMs: 1000, mostMs: 4000 },
  // Both BullMQ's lock and the lease expire; then it resumes in the middle of another worker's run.
  { kind: "zombie", leastMs: 15_800, mostMs: 18_000, long: true },
  { kind: "zombie", leastMs: 16_200, mostMs: 19_000, long: true, calm: true },
  // Its replies end meanwhile and cannot be stored; other workers have its jobs when it reconnects.
  { kind: "partition-worker", leastMs: 16_200, mostMs: 19_000, long: true, calm: true },
  { kind: "partition-worker", leastMs: 16_200, mostMs: 19_000, long: true, calm: true },
  { kind: "lose-queue", leastMs: 0, mostMs: 0 },
  { kind: "lose-queue", leastMs: 0, mostMs: 0 },
  { kind: "hints-lost", leastMs: 2000, mostMs: 4000 },
  { kind: "redis-empty", leastMs: 500, mostMs: 5000 },
  { kind: "redis-with-data", leastMs: 200, mostMs: 3000 },
  { kind: "redis-old-data", leastMs: 200, mostMs: 2000 },
  { kind: "redis-pause", leastMs: 1000, mostMs: 6000 },
  { kind: "redis-pause", leastMs: 30_000, mostMs: 30_000, long: true },
  { kind: "redis-stall", leastMs: 500, mostMs: 4000 },
  { kind: "redis-stall-one", leastMs: 1000, mostMs: 6000 },
  { kind: "redis-stall-one", leastMs: 1000, mostMs: 6000 },
  { kind: "postgres-terminate", leastMs: 0, mostMs: 0 },
  { kind: "postgres-restart", leastMs: 200, mostMs: 4000 },
  { kind: "postgres-crash", leastMs: 0, mostMs: 2000 },
  { kind: "postgres-stall", leastMs: 500, mostMs: 5000 },
  { kind: "provider-cut", leastMs: 500, mostMs: 4000 },
];

/** Faults of a Redis of several servers that a single one does not have. */
const replicatedShapes: readonly Shape[] = [
  // Restarted after another server has been the master for a while.
  { kind: "redis-kill-master", leastMs: 6000, mostMs: 12_000 },
  { kind: "redis-kill-master", leastMs: 6000, mostMs: 12_000 },
  // On resuming it believes itself the master, with open connections of clients.
  { kind: "redis-freeze-master", leastMs: 8000, mostMs: 14_000 },
  // Longer than any client's timeout for an answer on one connection.
  { kind: "redis-freeze-master", leastMs: 18_000, mostMs: 22_000, long: true },
  // Too short for a failover.
  { kind: "redis-pause-master", leastMs: 500, mostMs: 1800 },
  { kind: "redis-kill-replica", leastMs: 500, mostMs: 6000 },
  { kind: "redis-kill-clients", leastMs: 0, mostMs: 0 },
  { kind: "redis-kill-clients", leastMs: 0, mostMs: 0 },
];
const ofOneServer: readonly FaultKind[] = ["redis-old-data", "redis-pause", "redis-stall", "redis-stall-one"];

/** Gap between faults; they often overlap. */
const gapMs = { least: 700, most: 3500 };
/** Rest after each kind has occurred once: long enough for everything to recover. */
const restMs = 8000;
const firstMs = 1500;
/** Recovery of a store between its faults, one at a time; without it a run is one long outage. */
const momentMs = 2000;
/** Recovery after lost hints: without a new connection to Redis no client learns of the gap, so each must detect it. */
const hintlessMs = 10_000;
/** Time until all clients know that the former master is a replica. */
const returnMs = 8000;

/** Minimum length of a run with faults longer than a lease. */
const longRunMs = 90_000;

/** Plans faults and their times: equal for the same seed, length and store. All faults end within the run. */
export function makePlan(seed: number, minutes: number, backend: ChaosBackend): PlannedFault[] {
  const random = new Random(seed);
  const endMs = minutes * 60_000;
  const possible = shapesOn(backend).filter(({ long }) => !long || endMs >= longRunMs);
  const plan: PlannedFault[] = [];
  const busyUntil = new Map<string, number>();
  for (let atMs = firstMs; ; atMs += restMs) {
    for (const { kind, leastMs, mostMs, calm } of random.shuffle(possible)) {
      const fault = { atMs, kind, target: random.between(0, 5), forMs: random.between(leastMs, mostMs) };
      atMs += random.between(gapMs.least, gapMs.most);
      if (fault.atMs > endMs) return plan;
      const store = calm ? "postgres" : storeOf(kind);
      const busy = store === undefined ? 0 : (busyUntil.get(store) ?? 0);
      if (fault.atMs < busy || fault.atMs + fault.forMs > endMs) continue;
      if (store !== undefined) busyUntil.set(store, fault.atMs + fault.forMs + recoveryMs(kind));
      plan.push(fault);
    }
  }
}

/** Gap between the kills of the process that reads knowledge: it starts, reads, and is killed in the middle. */
const knowledgeGapMs = { least: 8000, most: 20_000 };

/** Plans when the process that reads knowledge is killed, by random numbers of its own: the other faults stay as they are. */
export function planKnowledgeKills(seed: number, minutes: number): PlannedFault[] {
  const random = new Random(seed + 1);
  const plan: PlannedFault[] = [];
  for (let atMs = firstMs; ;) {
    atMs += random.between(knowledgeGapMs.least, knowledgeGapMs.most);
    const forMs = random.between(200, 2000);
    if (atMs + forMs > minutes * 60_000) return plan;
    plan.push({ atMs, kind: "kill-knowledge", target: 0, forMs });
  }
}

/** Shapes by backend. The first two share a plan; faults that a backend lacks are skipped during the run. */
function shapesOn(backend: ChaosBackend): readonly Shape[] {
  if (backend === "postgres" || backend === "redis") return shapes;
  return [...shapes.filter(({ kind }) => !ofOneServer.includes(kind)), ...replicatedShapes];
}

function recoveryMs(kind: FaultKind): number {
  if (kind === "hints-lost") return hintlessMs;
  return kind === "redis-kill-master" || kind === "redis-freeze-master" ? returnMs : momentMs;
}

/** Store affected by a fault. `undefined`: a process; several may fail at once. */
function storeOf(kind: FaultKind): "redis" | "postgres" | "provider" | undefined {
  if (kind.startsWith("postgres-")) return "postgres";
  if (kind.startsWith("redis-") || kind === "lose-queue" || kind === "hints-lost") return "redis";
  return kind === "provider-cut" ? "provider" : undefined;
}
