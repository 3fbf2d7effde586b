import { DelegateBackoff, handleWhen, type IRetryBackoffContext, retry } from "cockatiel";
import { cleanWhole } from "../reply-text/clean-text.ts";
import type { Draft } from "../draft/draft.ts";
import { CircuitOpen } from "../providers/circuit.ts";
import { type Provider, ProviderError, type ProviderEvent, type ProviderRequest } from "../providers/provider.ts";
import { ReplyText } from "../reply-text/reply-text.ts";

export type Finish = Extract<ProviderEvent, { type: "finish" }>;

/** Beyond the first call; each is short, since a visitor waits. */
const maxRetries = 2;
/** A provider that asks for more time than this is passed over. */
const longestRetryAfterMs = 5000;
const firstBackoffMs = 250;

const retries = retry(handleWhen(mayPassSoon), {
  maxAttempts: maxRetries,
  backoff: new DelegateBackoff<IRetryBackoffContext<unknown>>(({ attempt, result }) => {
    const asked = "error" in result && result.error instanceof ProviderError ? result.error.retryAfterMs : undefined;
    // Jobs that failed together do not come back together.
    return asked ?? firstBackoffMs * 2 ** (attempt - 1) * (0.5 + Math.random());
  }),
});

/**
 * Calls one provider until it has given a whole reply, with a few short retries.
 * @param call makes one call; each writes into a draft of its own attempt
 * @throws the signal's reason, at once when it is aborted; else the {@link ProviderError} of the last call
 */
export async function withRetries<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  // Whoever was given up in a pause must not touch the draft after it: it is another attempt's by then.
  const unlessAborted = () => {
    signal.throwIfAborted();
    return call();
  };
  // A pause between two calls must not keep a cancel waiting.
  try {
    return await Promise.race([retries.execute(unlessAborted, signal), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

interface CallEvents {
  /** The provider has given its first sign of life. */
  onSign?: () => void;
  /** Its first text is there. */
  onBegun?: () => void;
}

/** Makes one call and writes its text into the draft. */
export async function streamInto(
  draft: Pick<Draft, "push" | "text">,
  provider: Provider,
  request: ProviderRequest,
  signal: AbortSignal,
  { onSign, onBegun }: CallEvents = {},
): Promise<Finish> {
  // What the operator wrote, as presets are, is theirs to answer for.
  const reply = new ReplyText(provider.upstream === undefined ? undefined : request.assistant.allowedLinkHosts);
  let finish: Finish | undefined;
  let begun = false;
  let heard = false;
  for await (const event of provider.stream(request, signal)) {
    // Once this call was given up, the draft is that of another attempt.
    signal.throwIfAborted();
    if (!heard) onSign?.();
    heard = true;
    if (event.type === "progress") continue;
    if (event.type === "finish") {
      finish = { ...event, model: cleanWhole(event.model) };
      continue;
    }
    draft.push(reply.push(event.text));
    if (!begun) onBegun?.();
    begun = true;
  }
  signal.throwIfAborted();
  // Of a stream that broke off it stays unsaid: half a character, or half an address, is no text to keep.
  draft.push(reply.end());
  if (!finish) throw new ProviderError("malformed", "the stream ended without a finish");
  if (draft.text === "") throw emptyReply(finish, request.assistant.maxOutputTokens);
  return finish;
}

/** A visitor never gets an empty bubble: it counts as no reply at all. */
function emptyReply({ finishReason }: Finish, maxOutputTokens: number): ProviderError {
  if (finishReason === "stop") return new ProviderError("malformed", "the reply is empty");
  // Another call with the same request and limit would end the same.
  const limit = finishReason === "length" ? `: raise maxOutputTokens (${maxOutputTokens})` : "";
  return new ProviderError("rejected", `nothing was said: ${finishReason}${limit}`);
}

/** A timeout has cost the visitor enough; a rejected request would be rejected again. */
function mayPassSoon(error: unknown): boolean {
  if (!(error instanceof ProviderError) || error instanceof CircuitOpen) return false;
  return error.retryable && error.code !== "timeout" && (error.retryAfterMs ?? 0) <= longestRetryAfterMs;
}
