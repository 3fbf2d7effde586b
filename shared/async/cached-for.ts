/**
 * Caches a result for `forMs`. `read` is called at most once in that time, and never concurrently with itself. Failures
 * are not cached.
 */
export function cachedFor<T>(forMs: number, read: () => Promise<T>): () => Promise<T> {
  let last: { at: number; answer: Promise<T>; pending: boolean } | undefined;
  return () => {
    const now = performance.now();
    if (last && (last.pending || now - last.at <= forMs)) return last.answer;
    const asked = { at: now, answer: read(), pending: true };
    last = asked;
    asked.answer.then(
      () => (asked.pending = false),
      () => {
        if (last === asked) last = undefined;
      },
    );
    return asked.answer;
  };
}
