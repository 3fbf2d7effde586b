import { Random } from "./random.ts";

/** What the product stands on, beside PostgreSQL: nothing, one Redis, or one of several servers. */
export type Backend = "postgres" | "redis" | "cluster" | "sentinel";

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
  // Redis, or the queue's tables where there is none.
  "lose-queue",
  "redis-empty",
  "redis-with-data",
  "redis-old-data",
  "redis-pause",
  "redis-stall",
  "redis-stall-one",
  "hints-lost",
  // Redis of several servers; `redis-empty` and `redis-with-data` are of all of them.
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
  /** After the start. */
  atMs: number;
  kind: FaultKind;
  /** Which of several processes, counted around. */
  target: number;
  /** Until it is mended. */
  forMs: number;
}

interface Shape {
  kind: FaultKind;
  leastMs: number;
  mostMs: number;
  /** Longer than a lease: not in a short run. */
  long?: boolean;
  /**
   * With PostgreSQL well all the while: who has just seen it away takes nothing over for a lease, and nobody would be
   * there to get into the way of the one that wakes up.
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
  // BullMQ's lock and our lease, both; then it wakes up in the middle of somebody else's run.
  { kind: "zombie", leastMs: 15_800, mostMs: 18_000, long: true },
  { kind: "zombie", leastMs: 16_200, mostMs: 19_000, long: true, calm: true },
  // Its replies end meanwhile and cannot be stored; others have its jobs when it is back.
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

/** Of a Redis of several servers, for what is not done to it as to a single one. */
const replicatedShapes: readonly Shape[] = [
  // Back when another has its place, and has had it for a while.
  { kind: "redis-kill-master", leastMs: 6000, mostMs: 12_000 },
  { kind: "redis-kill-master", leastMs: 6000, mostMs: 12_000 },
  // It comes back in the belief that it is the master, with connections of clients.
  { kind: "redis-freeze-master", leastMs: 8000, mostMs: 14_000 },
  // Longer than anybody waits for an answer on one connection.
  { kind: "redis-freeze-master", leastMs: 18_000, mostMs: 22_000, long: true },
  // Too short for a failover.
  { kind: "redis-pause-master", leastMs: 500, mostMs: 1800 },
  { kind: "redis-kill-replica", leastMs: 500, mostMs: 6000 },
  { kind: "redis-kill-clients", leastMs: 0, mostMs: 0 },
  { kind: "redis-kill-clients", leastMs: 0, mostMs: 0 },
];
const ofOneServer: readonly FaultKind[] = ["redis-old-data", "redis-pause", "redis-stall", "redis-stall-one"];

/** From one fault to the next. They overlap often. */
const gapMs = { least: 700, most: 3500 };
/** After each kind has had its turn: long enough for everything to be well again for a moment. */
const restMs = 8000;
const firstMs = 1500;
/** A store fails in one way at a time, and is well for a moment in between: else a run is one long outage. */
const momentMs = 2000;
/** After lost hints no new connection to Redis tells anybody of a gap: who missed one must find out alone. */
const hintlessMs = 10_000;
/** Until everybody knows that the master of before is a replica. */
const returnMs = 8000;

/** Of a run that has room for what takes longer than a lease. */
const longRunMs = 90_000;

/** What goes wrong, and when: the same for the same seed, length and store. All of it is over when the time is. */
export function makePlan(seed: number, minutes: number, backend: Backend): PlannedFault[] {
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

/** On the first two the same plan; what they lack is left out when its time comes. */
function shapesOn(backend: Backend): readonly Shape[] {
  if (backend === "postgres" || backend === "redis") return shapes;
  return [...shapes.filter(({ kind }) => !ofOneServer.includes(kind)), ...replicatedShapes];
}

function recoveryMs(kind: FaultKind): number {
  if (kind === "hints-lost") return hintlessMs;
  return kind === "redis-kill-master" || kind === "redis-freeze-master" ? returnMs : momentMs;
}

/** `undefined`: a process; several may fail at once. */
function storeOf(kind: FaultKind): "redis" | "postgres" | "provider" | undefined {
  if (kind.startsWith("postgres-")) return "postgres";
  if (kind.startsWith("redis-") || kind === "lose-queue" || kind === "hints-lost") return "redis";
  return kind === "provider-cut" ? "provider" : undefined;
}
