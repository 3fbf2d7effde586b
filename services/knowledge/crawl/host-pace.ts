import { pause } from "../../../shared/async/pause.ts";

/** Pause between the end of a request to a host and the next one. */
const defaultPauseMs = 1000;
/** Maximum pause that a site's `Crawl-delay` is given: 1,000 pages then take eight hours. */
const maxCrawlDelayMs = 30_000;
/** Maximum time for which a `Retry-After` stops requests to a host. */
export const maxRetryAfterMs = 3_600_000;

interface HostState {
  /** Ends with the newest request; the next one waits for it. */
  last: Promise<void>;
  waiting: number;
  /** Time before which no request begins. */
  notBefore: number;
}

/** Paces requests: one in flight per host, and a pause between two. It holds for this process. */
export class HostPace {
  readonly #hosts = new Map<string, HostState>();
  readonly #pauseMs: number;
  readonly #now: () => number;

  constructor({ pauseMs = defaultPauseMs, now = Date.now }: { pauseMs?: number; now?: () => number } = {}) {
    this.#pauseMs = pauseMs;
    this.#now = now;
  }

  /**
   * Runs a request when its host is free. Requests of one host run in the order in which they were asked for.
   * @param crawlDelaySeconds pause that the site asks for
   * @throws the reason of the signal, if that is aborted while the request waits
   */
  async run<T>(host: string, signal: AbortSignal, request: () => Promise<T>, crawlDelaySeconds = 0): Promise<T> {
    const state = this.#hosts.get(host) ?? { last: Promise.resolve(), waiting: 0, notBefore: 0 };
    this.#hosts.set(host, state);
    const before = state.last;
    const ended = Promise.withResolvers<void>();
    state.last = ended.promise;
    state.waiting += 1;
    try {
      await before;
      await this.#untilFree(state, signal);
      signal.throwIfAborted();
      return await request().finally(() => {
        const pauseMs = Math.max(this.#pauseMs, Math.min(crawlDelaySeconds * 1000, maxCrawlDelayMs));
        state.notBefore = Math.max(state.notBefore, this.#now() + pauseMs);
      });
    } finally {
      state.waiting -= 1;
      ended.resolve();
      this.#forgetIdle();
    }
  }

  /** Lets no request to a host begin for a time, as its `Retry-After` asks; `maxRetryAfterMs` at most. */
  holdOff(host: string, ms: number): void {
    const state = this.#hosts.get(host) ?? { last: Promise.resolve(), waiting: 0, notBefore: 0 };
    state.notBefore = Math.max(state.notBefore, this.#now() + Math.min(ms, maxRetryAfterMs));
    this.#hosts.set(host, state);
  }

  /** Hosts that are remembered. */
  get size(): number {
    return this.#hosts.size;
  }

  async #untilFree(state: HostState, signal: AbortSignal): Promise<void> {
    // A `Retry-After` may arrive while this waits.
    while (!signal.aborted && state.notBefore > this.#now()) await pause(state.notBefore - this.#now(), signal);
  }

  #forgetIdle(): void {
    for (const [host, { waiting, notBefore }] of this.#hosts) {
      if (waiting === 0 && notBefore <= this.#now()) this.#hosts.delete(host);
    }
  }
}

/**
 * Reads `Retry-After`: seconds, or a date.
 * @returns milliseconds, `maxRetryAfterMs` at most; `undefined` if there is none
 */
export function readRetryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), maxRetryAfterMs);
}
