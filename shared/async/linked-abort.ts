/**
 * An abort controller that also aborts when one of its sources does, or after a time, until it is disposed.
 *
 * Replaces `AbortSignal.any`: Node 24.21 retains a composite signal with a listener for as long as a source lives, and
 * forever if the listener references a source. One listener too many retained every prompt and draft of a worker, 7 KB
 * per chat (`findings/node-abort-signal-any-cycle.sh`). A plain controller's signal is collected with everything that
 * references only it.
 */
export class LinkedAbort implements Disposable {
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];
  readonly #follow: (event: Event) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(...sources: readonly AbortSignal[]) {
    this.#sources = sources;
    this.#follow = ({ target }) => this.abort((target as AbortSignal).reason);
    for (const source of sources) {
      if (source.aborted) this.abort(source.reason);
      source.addEventListener("abort", this.#follow);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts the signal. The first reason is kept. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** Aborts after `ms`, unless it is disposed before. A later call replaces the time of an earlier one. */
  abortAfter(ms: number, makeReason?: () => unknown): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.abort(makeReason?.()), ms);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const source of this.#sources) source.removeEventListener("abort", this.#follow);
  }
}
