import { within } from "../process/lifecycle.ts";
import type { Health } from "../protocol/service.ts";
import { describeRefusal } from "./store-refusal.ts";

const timeoutMs = 2000;

export interface StoreCheck<T> {
  up: boolean;
  /** What was asked for, if it came. */
  value?: T;
  /** For a health report. */
  shown: Health["checks"]["database"];
}

/** Asks a store something, and says whether and how fast it answered. */
export async function checkStore<T>(call: Promise<T>): Promise<StoreCheck<T>> {
  const began = performance.now();
  try {
    const value = await within(timeoutMs, call);
    const latencyMs = Math.round((performance.now() - began) * 10) / 10;
    return { up: true, value, shown: { status: "up", latencyMs } };
  } catch (error) {
    // A refusal has a text of ours; of anything else a report says that it failed, and the parts concerned log why.
    const detail = describeRefusal(error)?.text;
    return { up: false, shown: { status: "down", ...(detail !== undefined && { detail }) } };
  }
}

/** For a health report: megabytes. */
export function memoryInUse(): Health["memory"] {
  const { rss, heapUsed } = process.memoryUsage();
  return { rssMb: megabytes(rss), heapUsedMb: megabytes(heapUsed) };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
