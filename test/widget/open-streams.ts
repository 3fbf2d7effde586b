/** Streams that the pages of a browser have open, as they themselves know. */
export class OpenStreams {
  /** Most of them at the same time. */
  most = 0;
  readonly #open = new Set<AbortSignal>();

  /** Stands for the global `fetch`. */
  readonly fetch: typeof globalThis.fetch = (url, init) => {
    const signal = init?.signal;
    if (signal && String(url instanceof Request ? url.url : url).endsWith("/events")) {
      this.#open.add(signal);
      this.most = Math.max(this.most, this.#open.size);
      signal.addEventListener("abort", () => this.#open.delete(signal));
    }
    return fetch(url, init);
  };
}
