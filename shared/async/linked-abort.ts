/**
 * An abort controller that also aborts when one of its sources does, until it is disposed.
 *
 * Used in place of `AbortSignal.any`. Node 24.21 holds a composite signal with a listener for as long as a source lives:
 * for ever, if the listener reaches a source. One listener too many kept every prompt and draft of a worker, 7 KB a chat
 * (`findings/node-abort-signal-any-cycle.sh`). A signal of one's own is collected with all that hangs on it.
 */
export class LinkedAbort implements Disposable {
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];
  readonly #follow: (event: Event) => void;

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

  /** The first reason stays. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  [Symbol.dispose](): void {
    for (const source of this.#sources) source.removeEventListener("abort", this.#follow);
  }
}
