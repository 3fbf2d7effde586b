import { ProviderError } from "../provider.ts";

interface CallLimits {
  signal: AbortSignal;
  /** From the call on, connecting included. */
  maxMs: number;
  toError: (error: unknown) => ProviderError;
}

/**
 * One call that is not streamed. `call` must obey the signal that it gets; after an abort the caller sees the reason of
 * that abort, whatever `call` throws.
 * @throws {ProviderError} `timeout`, or what `toError` makes of it
 */
export async function limitedCall<T>(
  call: (signal: AbortSignal) => Promise<T>,
  { signal, maxMs, toError }: CallLimits,
): Promise<T> {
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(maxMs);
  try {
    return await call(AbortSignal.any([signal, timeout]));
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) throw new ProviderError("timeout", `no answer within ${maxMs} ms`);
    throw toError(error);
  }
}
