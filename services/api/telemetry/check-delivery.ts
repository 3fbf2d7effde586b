import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { readOldestHead } from "../../../shared/db/operators/depths.ts";
import { within } from "../../../shared/async/within.ts";
import type { Health } from "../../../shared/protocol/service.ts";
import type { QueueCounts } from "../../../shared/queue/job-queue.ts";

type Delivery = Health["checks"]["delivery"];

/** Workers that keep up claim a message within milliseconds. */
const longSeconds = 30;
/** A message that has just become the head of its conversation may be old; workers claim it within this time. */
const secondLookMs = 500;
const timeoutMs = 2000;

/**
 * Checks that messages get from the queue to a worker. All stores may answer while they do not: the queue is paused, or
 * its entries reach no worker.
 * @param counts absent if the queue does not answer; its own check reports that
 */
export async function checkDelivery(pool: Pool, counts: QueueCounts | undefined): Promise<Delivery> {
  if (counts?.paused) {
    return { status: "down", detail: "the queue is paused: workers take no jobs until an operator resumes it" };
  }
  try {
    const waited = await within(timeoutMs, readLongWait(pool));
    if (waited === undefined) return { status: "up" };
    const workers = counts === undefined ? "" : `, and ${counts.workers} workers are connected`;
    return { status: "down", detail: `a message has waited for ${Math.round(waited)} s for a worker${workers}` };
  } catch {
    // The database check reports the reason.
    return { status: "down" };
  }
}

async function readLongWait(pool: Pool): Promise<number | undefined> {
  const oldest = await readOldestHead(pool);
  if (!oldest || oldest.waitedSeconds <= longSeconds) return undefined;
  await sleep(secondLookMs);
  const again = await readOldestHead(pool);
  return again?.id === oldest.id ? again.waitedSeconds : undefined;
}
