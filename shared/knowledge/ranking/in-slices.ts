import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Length of a slice in milliseconds: well below the 10 ms that a stream of a reply may wait, as a turn of the event loop may
 * have rows that arrive and a collection of garbage, too.
 */
const sliceMs = 2;

/** Does small steps one after the other, and lets the event loop turn between them once a slice is over. */
export async function inSlices<T>(items: Iterable<T>, step: (item: T) => void): Promise<void> {
  let began = performance.now();
  for (const item of items) {
    step(item);
    if (performance.now() - began < sliceMs) continue;
    await nextTurn();
    began = performance.now();
  }
}

export function* range(end: number): Generator<number> {
  for (let at = 0; at < end; at++) yield at;
}
