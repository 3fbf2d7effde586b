/** An abort controller that also aborts with its source, until it is released. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** Leaves the source alone from now on. */
  release(): void;
}

/**
 * Used in place of `AbortSignal.any`, with which a source that outlives a call, as a page's does, keeps the listeners of
 * every call that was made with it.
 * @param limitMs aborts by itself after so long, with a `TimeoutError`
 */
export function linkAbort(source: AbortSignal | undefined, limitMs?: number): LinkedAbort {
  const controller = new AbortController();
  const abort = (reason?: unknown) => controller.abort(reason);
  const follow = () => abort(source?.reason);
  const expire = () => abort(new DOMException(`not done within ${limitMs} ms`, "TimeoutError"));
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
