import type { Check, JobEvidence } from "./evidence.ts";

/**
 * Three of four, in the middle of everything that is done to them: who is not delivered but found by the reconciler waits
 * for a lease, and nobody else does.
 */
const usualWaitMs = 5000;

export const checkWaits: Check = {
  rule: "most messages are picked up at once: they are delivered, not found",
  look({ jobs }, report) {
    const waits = pickUpWaits(jobs);
    const usual = percentile(waits, 75);
    if (usual > usualWaitMs) report(`a quarter of them waited for more than ${usual} ms`);
    return waits.length;
  },
};

/** How long each job was the first of its conversation before it was claimed, in milliseconds, in order. */
export function pickUpWaits(jobs: ReadonlyMap<string, JobEvidence>): number[] {
  const waits: number[] = [];
  for (const ofOne of Map.groupBy(jobs.values(), ({ conversationId }) => conversationId).values()) {
    let free = 0;
    for (const job of ofOne.toSorted((a, b) => a.turn - b.turn)) {
      if (job.startedAt !== null) waits.push(job.startedAt - Math.max(job.createdAt, free));
      free = Math.max(free, job.finishedAt ?? 0);
    }
  }
  return waits.toSorted((a, b) => a - b);
}

export function percentile(inOrder: readonly number[], percent: number): number {
  return Math.round(inOrder[Math.ceil((inOrder.length * percent) / 100) - 1] ?? 0);
}
