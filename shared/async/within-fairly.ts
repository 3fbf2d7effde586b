/**
 * Like `within`, but if this process itself was blocked, an answer that has already arrived is read before the timeout
 * applies.
 */
export function withinFairly<T>(ms: number, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new DOMException(`not done within ${ms} ms`, "TimeoutError"));
    const timer = setTimeout(() => setImmediate(giveUp), ms);
    void call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
