import type { Check, Evidence } from "./evidence.ts";
import type { RunLog } from "../run-log.ts";

/**
 * Limit for three of four jobs, amid all faults. Only a job that is found by the reconciler instead of being delivered
 * waits for a lease.
 */
const usualWaitMs = 2500;
/** Time for all clients to reconnect. */
const afterEffectMs = 1500;
/** Time after a POST within which its job may still be undelivered when a store fails. */
const deliveryMs = 300;

export const checkWaits: Check = {
  rule: "most jobs are claimed at once: delivered by the queue, not found by the reconciler",
  check(evidence, report) {
    const waits = pickUpWaits(evidence);
    const usual = percentileOf(waits, 75);
    if (usual > usualWaitMs) report(`a quarter of the jobs waited for more than ${usual} ms`);
    return waits.length;
  },
};

/**
 * Time for which each job was the first of its conversation, with all stores up, before it was claimed; in
 * milliseconds, ascending. Jobs of the soak are left out, as without faults they would only dilute the result.
 */
export function pickUpWaits({ jobs, runLog }: Evidence): number[] {
  const waits: number[] = [];
  const visited = new Set(runLog.accepted.map(({ conversationId }) => conversationId));
  for (const [conversationId, ofOne] of Map.groupBy(jobs.values(), (job) => job.conversationId)) {
    if (!visited.has(conversationId)) continue;
    let free = 0;
    for (const job of ofOne.toSorted((a, b) => a.turn - b.turn || a.createdAt - b.createdAt)) {
      if (job.startedAt !== null) {
        const from = deliverableFrom(runLog, Math.max(job.createdAt, free), job.startedAt);
        waits.push(job.startedAt - from);
      }
      free = Math.max(free, job.finishedAt ?? 0);
    }
  }
  return waits.toSorted((a, b) => a - b);
}

/** First moment at which all stores were up, and had been for a little. */
function deliverableFrom(runLog: RunLog, first: number, startedAt: number): number {
  let from = first;
  const away = runLog.faultsOf(["redis", "postgres"], first, startedAt, afterEffectMs);
  for (const record of away.toSorted((a, b) => a.from - b.from)) {
    if (record.from > from + deliveryMs) break;
    from = Math.max(from, record.to + afterEffectMs);
  }
  return Math.min(from, startedAt);
}

export function percentileOf(inOrder: readonly number[], percent: number): number {
  return Math.round(inOrder[Math.ceil((inOrder.length * percent) / 100) - 1] ?? 0);
}
