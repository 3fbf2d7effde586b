import { LinkedAbort } from "../../../../../shared/async/linked-abort.ts";
import { ProviderError } from "../../provider.ts";

interface CallLimits {
  signal: AbortSignal;
  /** Timeout from the start of the call, connecting included. */
  maxMs: number;
  toError: (error: unknown) => ProviderError;
}

/**
 * Makes one call that is not streamed. `call` must obey the signal that it receives. After an abort the caller sees the
 * reason of that abort, whatever `call` throws.
 * @throws {ProviderError} `timeout`, or the result of `toError`
 */
export async function limitedCall<T>(
  call: (signal: AbortSignal) => Promise<T>,
  { signal, maxMs, toError }: CallLimits,
): Promise<T> {
  signal.throwIfAborted();
  using limited = new LinkedAbort(signal);
  limited.abortAfter(maxMs, () => new ProviderError("timeout", `no answer within ${maxMs} ms`));
  try {
    return await call(limited.signal);
  } catch (error) {
    limited.signal.throwIfAborted();
    throw toError(error);
  }
}
