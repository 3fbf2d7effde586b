/**
 * Rejects with a `TimeoutError` when `work` takes longer than `ms`; the work itself is not stopped. After a time in
 * which this process was blocked, a result that has already arrived is read before the timeout applies.
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const giveUp = () => late.reject(new DOMException(`not done within ${ms} ms`, "TimeoutError"));
  // Node polls its sockets between timers and immediates.
  const timer = setTimeout(() => setImmediate(giveUp), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
