import { LinkedAbort } from "../../../shared/async/linked-abort.ts";
import { ProviderError, type ProviderEvent } from "./provider.ts";
import { firstTextMs as defaultFirstTextMs, providerConnectMs, providerSilenceMs } from "../../../shared/tunables.ts";

/** Timeouts of a provider, in milliseconds. */
export interface Timeouts {
  connectMs: number;
  /** Until the first text; an assistant's `firstTextMs` overrides it. */
  firstTokenMs: number;
  /** Between two signs of life, whether text or not. */
  betweenTokensMs: number;
  /** Until the whole answer of a call that is not streamed. */
  wholeAnswerMs: number;
}

export const defaultTimeouts: Timeouts = {
  connectMs: providerConnectMs,
  firstTokenMs: defaultFirstTextMs,
  betweenTokensMs: providerSilenceMs,
  // Threads are created and deleted within a second.
  wholeAnswerMs: 20_000,
};

interface StreamLimits extends Pick<Timeouts, "firstTokenMs" | "betweenTokensMs"> {
  signal: AbortSignal;
  /** The assistant's own limit, which replaces `firstTokenMs`. */
  firstTextMs?: number | undefined;
}

/**
 * Passes a provider's events on. Ends the upstream call when the provider is silent for too long, or too long without
 * text. `stream` must obey the signal that it receives. After an abort the caller sees the reason of that abort,
 * whatever `stream` throws. Time in which the caller handles an event does not count: slow stores are not a silent
 * provider.
 * @throws {ProviderError} `timeout`
 */
export async function* withTimeouts(
  stream: (signal: AbortSignal) => AsyncIterable<ProviderEvent>,
  { signal, firstTokenMs, betweenTokensMs, firstTextMs = firstTokenMs }: StreamLimits,
): AsyncGenerator<ProviderEvent, void, undefined> {
  signal.throwIfAborted();
  using upstream = new LinkedAbort(signal);
  using patience = new Patience((fault) => upstream.abort(fault), { firstTextMs, silenceMs: betweenTokensMs });
  try {
    for await (const event of stream(upstream.signal)) {
      upstream.signal.throwIfAborted();
      patience.pause(event);
      yield event;
      // A provider aborted while the caller was busy may never notice the abort.
      upstream.signal.throwIfAborted();
      patience.resume();
      upstream.signal.throwIfAborted();
    }
  } catch (error) {
    upstream.signal.throwIfAborted();
    throw error;
  }
}

/**
 * Time limits of one stream. The limit of silence starts with the provider's first work. Before that, and after a head
 * or a lone keep-alive, a model may think unseen.
 */
class Patience implements Disposable {
  readonly #end: (fault: ProviderError) => void;
  readonly #silenceMs: number;
  readonly #text: NodeJS.Timeout;
  #silence: NodeJS.Timeout | undefined;
  #waiting = true;
  #hasWorked = false;
  /** Timeout reached while the caller was busy. */
  #reached: ProviderError | undefined;

  constructor(
    end: (fault: ProviderError) => void,
    { firstTextMs, silenceMs }: { firstTextMs: number; silenceMs: number },
  ) {
    this.#end = end;
    this.#silenceMs = silenceMs;
    this.#text = setTimeout(() => this.#reach(firstTextMs, "no text"), firstTextMs);
  }

  pause(event: ProviderEvent): void {
    this.#waiting = false;
    clearTimeout(this.#silence);
    if (event.type === "delta") clearTimeout(this.#text);
    if (event.type !== "progress" || event.sign === "work") this.#hasWorked = true;
  }

  resume(): void {
    this.#waiting = true;
    if (this.#reached) this.#end(this.#reached);
    else if (this.#hasWorked) this.#listen();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#text);
    clearTimeout(this.#silence);
  }

  #listen(): void {
    this.#silence = setTimeout(
      () => this.#end(new ProviderError("timeout", `no sign of life within ${this.#silenceMs} ms`)),
      this.#silenceMs,
    );
  }

  #reach(ms: number, missing: string): void {
    const details = { atWork: this.#hasWorked };
    this.#reached = new ProviderError("timeout", `${missing} within ${ms} ms`, details);
    if (this.#waiting) this.#end(this.#reached);
  }
}
