interface Passed {
  /** Events of this key that did not pass since the last one that did. */
  omitted: number;
}

/** @returns `undefined` for an event that does not pass */
type Throttle = (key?: string, options?: { force: boolean }) => Passed | undefined;

/**
 * Lets one event of each key pass in `ms`, for instance a line for the log. Keys come from a closed set: all are kept.
 * A forced event passes always.
 */
export function atMostEvery(ms: number, now: () => number = () => performance.now()): Throttle {
  const last = new Map<string, { at: number; omitted: number }>();
  return (key = "", { force } = { force: false }) => {
    const before = last.get(key);
    if (before && !force && now() - before.at < ms) {
      before.omitted += 1;
      return undefined;
    }
    last.set(key, { at: now(), omitted: 0 });
    return { omitted: before?.omitted ?? 0 };
  };
}
