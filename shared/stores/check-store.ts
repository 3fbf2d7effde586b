import { within } from "../async/within.ts";
import type { Health } from "../protocol/service.ts";
import { describeRefusal } from "./store-refusal.ts";

const timeoutMs = 2000;

export interface StoreCheck<T> {
  up: boolean;
  /** The result of the call, if it succeeded. */
  value?: T;
  /** Entry of a health report. */
  shown: Health["checks"]["database"];
}

/** Calls a store and reports whether and how fast it answered. */
export async function checkStore<T>(call: Promise<T>): Promise<StoreCheck<T>> {
  const began = performance.now();
  try {
    const value = await within(timeoutMs, call);
    const latencyMs = Math.round((performance.now() - began) * 10) / 10;
    return { up: true, value, shown: { status: "up", latencyMs } };
  } catch (error) {
    // A refusal has a text of ours. For any other error a report only says that it failed; the parts concerned log why.
    const detail = describeRefusal(error)?.text;
    return { up: false, shown: { status: "down", ...(detail !== undefined && { detail }) } };
  }
}

/** Memory in megabytes, for a health report. */
export function memoryInUse(): Health["memory"] {
  const { rss, heapUsed } = process.memoryUsage();
  return { rssMb: megabytes(rss), heapUsedMb: megabytes(heapUsed) };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
