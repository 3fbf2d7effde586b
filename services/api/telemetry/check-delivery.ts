import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { readOldestHead } from "../../../shared/db/operators/depths.ts";
import { within } from "../../../shared/process/lifecycle.ts";
import type { Health } from "../../../shared/protocol/service.ts";
import type { QueueCounts } from "../../../shared/queue/job-queue.ts";

type Delivery = Health["checks"]["delivery"];

/** Workers that keep up take a message within milliseconds. */
const longSeconds = 30;
/** A message that has just come to the head of its conversation may be old, and is taken within this. */
const secondLookMs = 500;
const timeoutMs = 2000;

/**
 * Whether messages get from the queue to a worker. All stores may answer while they do not: the queue is paused, or its entries
 * reach nobody.
 * @param counts absent where the queue does not answer; that check says so
 */
export async function checkDelivery(pool: Pool, counts: QueueCounts | undefined): Promise<Delivery> {
  if (counts?.paused) {
    return { status: "down", detail: "the queue is paused: workers take nothing until an operator resumes it" };
  }
  try {
    const waited = await within(timeoutMs, readLongWait(pool));
    if (waited === undefined) return { status: "up" };
    const workers = counts === undefined ? "" : `, and ${counts.workers} workers are connected`;
    return { status: "down", detail: `a message has waited for ${Math.round(waited)} s for a worker${workers}` };
  } catch {
    // The check of the database says why.
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
