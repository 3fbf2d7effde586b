import { Coalescer } from "./coalescer.ts";

/**
 * Shares calls that are wanted at the same moment, such as a read by all followers of one job when it changes. One call
 * serves all who asked for the same before it began. Those who ask during a call may know of something newer, so they
 * share the next one. The result is shared, too: do not modify it.
 */
export function dedupe<Args extends (string | number)[], Result>(
  call: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  const calls = new Coalescer<Args, Result>(async (all) => {
    const result = await call(...all[0]);
    return all.map(() => result);
  });
  return (...args) => calls.add(JSON.stringify(args), args);
}
