import { type Finding, note, ok } from "./findings.ts";

/** Largest skew that tokens, delays of the queue, and the times in logs and histories tolerate. */
const toleratedMs = 2000;

/**
 * Compares a store's clock with this machine's.
 * @param readTime asks the store for its time, in Unix milliseconds
 */
export async function checkClock(store: string, readTime: () => Promise<number>): Promise<Finding> {
  const began = Date.now();
  const theirs = await readTime();
  const ended = Date.now();
  const skewMs = Math.round(theirs - (began + ended) / 2);
  const said = `its clock and this machine's differ by ${Math.abs(skewMs)} ms`;
  if (Math.abs(skewMs) <= toleratedMs + (ended - began)) return ok(said);
  return note(said, `synchronise both this machine and that of ${store} with NTP`);
}
