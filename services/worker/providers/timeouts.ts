import { ProviderError, type ProviderEvent } from "./provider.ts";

/** How long a provider may keep us waiting, in milliseconds. */
export interface Timeouts {
  connectMs: number;
  firstTokenMs: number;
  betweenTokensMs: number;
}

export const defaultTimeouts: Timeouts = {
  // Two lost SYNs are sent again after 1 s and 3 s, and TLS adds two round trips; later than that nobody is there.
  connectMs: 5_000,
  // From the call on, connecting included. Long prompts on a loaded model start within seconds; a visitor who has
  // seen nothing for this long is better served by whoever comes next.
  firstTokenMs: 20_000,
  // Healthy streams pause for a second or two; this is a stall, and a new call still fits into the job's deadline.
  betweenTokensMs: 15_000,
};

interface StreamLimits extends Pick<Timeouts, "firstTokenMs" | "betweenTokensMs"> {
  signal: AbortSignal;
}

/**
 * Passes a provider's events on, and ends the upstream call when the provider is silent for too long. `stream` gets
 * the signal that it must obey; whatever it throws after an abort, the caller sees the reason of that abort.
 * The time in which the caller is busy with an event does not count: slow stores are not a silent provider.
 * @throws {ProviderError} `timeout`
 */
export async function* withTimeouts(
  stream: (signal: AbortSignal) => AsyncIterable<ProviderEvent>,
  { signal, firstTokenMs, betweenTokensMs }: StreamLimits,
): AsyncGenerator<ProviderEvent, void, undefined> {
  signal.throwIfAborted();
  const upstream = new AbortController();
  const passOn = () => upstream.abort(signal.reason);
  signal.addEventListener("abort", passOn);

  let waiting = true;
  const limit = (ms: number, what: string) =>
    setTimeout(() => {
      if (waiting) upstream.abort(new ProviderError("timeout", `${what} within ${ms} ms`));
    }, ms);
  let timer = limit(firstTokenMs, "no first token");
  let started = false;
  try {
    for await (const event of stream(upstream.signal)) {
      upstream.signal.throwIfAborted();
      waiting = false;
      if (!started) {
        started = true;
        clearTimeout(timer);
        timer = limit(betweenTokensMs, "no further token");
      }
      yield event;
      // A provider that was aborted while nobody listened may never notice.
      upstream.signal.throwIfAborted();
      waiting = true;
      timer.refresh();
    }
  } catch (error) {
    upstream.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", passOn);
  }
}
