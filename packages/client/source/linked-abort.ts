/** An abort controller that also aborts with its source, until it is released. */
export interface AbortLink {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** Unlinks from the source. */
  release(): void;
}

/**
 * Replaces `AbortSignal.any`: with that, a source that outlives its calls, such as a page's, keeps the listeners of
 * each of them.
 * @param limitMs timeout after which it aborts with a `TimeoutError`
 */
export function linkAbort(source: AbortSignal | undefined, limitMs?: number): AbortLink {
  const controller = new AbortController();
  const abort = (reason?: unknown) => controller.abort(reason);
  const follow = () => abort(source?.reason);
  // React Native has no DOMException.
  const expire = () => abort(Object.assign(new Error(`not done within ${limitMs} ms`), { name: "TimeoutError" }));
  const timer = limitMs === undefined ? undefined : setTimeout(expire, limitMs);
  source?.addEventListener("abort", follow);
  if (source?.aborted) follow();
  return {
    signal: controller.signal,
    abort,
    release: () => {
      clearTimeout(timer);
      source?.removeEventListener("abort", follow);
    },
  };
}
