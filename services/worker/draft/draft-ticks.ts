/** Time between two ticks, in milliseconds. */
const tickMs = 10;

const waiting = new Map<number, (() => void)[]>();

/**
 * Calls back at the first tick that is not before `due`. All replies of a process share its ticks, so that what they
 * have to write goes to the store together, in one call.
 *
 * @param due as `performance.now()` has it
 */
export function atTick(due: number, resume: () => void): void {
  const tick = Math.ceil(due / tickMs);
  const others = waiting.get(tick);
  if (others) {
    others.push(resume);
    return;
  }
  const all = [resume];
  waiting.set(tick, all);
  const wake = () => {
    waiting.delete(tick);
    for (const each of all) each();
  };
  setTimeout(wake, Math.max(0, tick * tickMs - performance.now()));
}
