import { DelegateBackoff, handleWhen, type IRetryBackoffContext, retry } from "cockatiel";
import { exponentialBackoffMs } from "../../../shared/async/backoff.ts";
import type { CallSettlement } from "../../../shared/db/jobs/calls.ts";
import { type LedgerContext, openCall } from "../money/ledger.ts";
import { describeFault } from "../money/describe-fault.ts";
import { cleanWhole } from "../reply-text/clean-text.ts";
import type { ReplyDraft } from "../draft/reply-draft.ts";
import type { SiteAnswer } from "../knowledge/site-answer.ts";
import { CircuitOpen } from "../providers/circuit.ts";
import { type Provider, ProviderError, type ProviderEvent, type ProviderRequest } from "../providers/provider.ts";
import type { AtomPlace } from "../reply-text/atom-places.ts";
import { ReplyFilter } from "../reply-text/reply-filter.ts";
import type { WorkerContext } from "../worker-context.ts";
import type { ReplyRun } from "./reply-run.ts";
import type { Thread } from "./thread.ts";

export type CallContext = LedgerContext & Pick<WorkerContext, "circuits">;

interface ProviderCall {
  context: CallContext;
  run: ReplyRun;
  thread: Thread;
  provider: Provider;
  request: ProviderRequest;
  /** Passages of the site for the message; the request has them, too. */
  answer?: SiteAnswer | undefined;
  signal: AbortSignal;
}

type Finish = Extract<ProviderEvent, { type: "finish" }>;

/** A whole reply; its text is in the draft. */
export interface ProviderAnswer {
  finish: Finish;
  costUsd: number | null;
  inThread: boolean;
  /** Absent for a provider without an upstream, which costs nothing. */
  call?: CallSettlement;
}

/** Retries after the first call. Kept few and short, since a visitor waits. */
const maxRetries = 2;
/** Maximum `Retry-After`, in milliseconds. A provider that asks for more is skipped. */
const longestRetryAfterMs = 5000;
const pauses = { firstMs: 250, longestMs: 500 };

const retries = retry(handleWhen(mayPassSoon), {
  maxAttempts: maxRetries,
  backoff: new DelegateBackoff<IRetryBackoffContext<unknown>>(({ attempt, result }) => {
    const asked = "error" in result && result.error instanceof ProviderError ? result.error.retryAfterMs : undefined;
    // Jitter, so that jobs that failed together do not retry together.
    return asked ?? exponentialBackoffMs(attempt, pauses) * (0.5 + Math.random());
  }),
});

/**
 * Calls one provider until it has given a whole reply, with up to {@link maxRetries} short retries.
 * @throws the signal's reason as soon as it is aborted; otherwise the {@link ProviderError} of the last call
 */
export function callProvider(call: ProviderCall): Promise<ProviderAnswer> {
  return withRetries(() => callOnce(call), call.signal);
}

/**
 * Repeats a call with short pauses.
 * @param call makes one call; each call writes into the draft of its own attempt
 */
export async function withRetries<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  // A call given up during a pause must not touch the draft afterwards: the draft belongs to another attempt by then.
  const unlessAborted = () => {
    signal.throwIfAborted();
    return call();
  };
  // A cancel must not wait for the pause between two calls.
  try {
    return await Promise.race([retries.execute(unlessAborted, signal), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function callOnce(asked: ProviderCall): Promise<ProviderAnswer> {
  const { context, run, thread, provider, request, answer, signal } = asked;
  const { draft, report } = run;
  await draft.restart();
  signal.throwIfAborted();
  draft.expectSources(answer);
  const store = () => draft.storePassages(answer);
  // A provider without an upstream costs nothing and is never down.
  if (provider.upstream === undefined) {
    await store();
    return { finish: await streamInto(draft, provider, request, { signal }), costUsd: 0, inThread: false };
  }
  const circuit = context.circuits.of(provider);
  const skip = (error: unknown) => report.skipped(provider.name, draft.attempt, describeFault(error));
  const call = await openUnlessSkipped(async () => {
    circuit.check();
    const opening = openCall(context, run, provider, request);
    const [opened] = await Promise.all([opening, store()]);
    return opened;
  }, skip);
  try {
    let alive = false;
    const options = { signal, onSign: () => (alive = true), onBegun: () => call.began() };
    const stream = async () => {
      const attached = await thread.attachTo(request, provider, signal);
      const streamed = await streamInto(draft, provider, call.send(attached), options);
      return { finish: streamed, inThread: attached.threadId !== undefined };
    };
    const { finish, inThread } = await circuit.run(stream, () => alive);
    const settlement = call.answered(finish.usage);
    return { finish, costUsd: call.costOf(finish.usage), inThread, call: settlement };
  } catch (error) {
    // The circuit opened while the call was written to the ledger.
    if (error instanceof CircuitOpen) {
      skip(error);
      await call.withdraw();
    } else await call.settle({ outcome: signal.aborted ? "stopped" : "failed", error });
    throw error;
  }
}

/** @param skip called with the reason if the call is not to be made */
async function openUnlessSkipped<T>(open: () => Promise<T>, skip: (error: ProviderError) => void): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof ProviderError) skip(error);
    throw error;
  }
}

interface StreamOptions {
  signal: AbortSignal;
  /** Called on the provider's first sign of life. */
  onSign?: () => void;
  /** Called on the first text. */
  onBegun?: () => void;
}

/** Makes one call and writes its text into the draft. */
export async function streamInto(
  draft: Pick<ReplyDraft, "push" | "text" | "cite">,
  provider: Provider,
  request: ProviderRequest,
  { signal, onSign, onBegun }: StreamOptions,
): Promise<Finish> {
  // Link filtering does not apply to the operator's own texts, such as presets.
  const isOwnText = provider.upstream === undefined && !provider.quotesPages;
  const places: AtomPlace[] = [];
  const reply = new ReplyFilter({
    allowedLinkHosts: isOwnText ? undefined : request.assistant.allowedLinkHosts,
    onCitation: request.passages && ((place) => places.push(place)),
  });
  const push = (text: string) => {
    draft.push(text);
    for (const place of places.splice(0)) draft.cite(place);
  };
  let finish: Finish | undefined;
  let begun = false;
  let heard = false;
  for await (const event of provider.stream(request, signal)) {
    // After this call was given up, the draft belongs to another attempt.
    signal.throwIfAborted();
    if (!heard) onSign?.();
    heard = true;
    if (event.type === "progress") continue;
    if (event.type === "finish") {
      finish = { ...event, model: cleanWhole(event.model) };
      continue;
    }
    push(reply.push(event.text));
    if (!begun) onBegun?.();
    begun = true;
  }
  signal.throwIfAborted();
  // Flush only after a whole stream. If the stream broke off, the held-back half character or half address is dropped.
  push(reply.end());
  if (!finish) throw new ProviderError("malformed", "the stream ended without a finish", { cut: true });
  if (draft.text === "") throw emptyReply(finish, request.assistant.maxOutputTokens);
  return finish;
}

/** An empty reply counts as a failure, so a visitor never gets an empty bubble. */
function emptyReply({ finishReason }: Finish, maxOutputTokens: number): ProviderError {
  if (finishReason === "stop") return new ProviderError("malformed", "the reply is empty");
  // Not retryable: another call with the same request and limit would end the same way.
  const limit = finishReason === "length" ? `: raise maxOutputTokens (${maxOutputTokens})` : "";
  return new ProviderError("rejected", `the reply is empty: ${finishReason}${limit}`);
}

/** Not worth a retry: a timeout has used up the visitor's time, and a rejected request would be rejected again. */
function mayPassSoon(error: unknown): boolean {
  if (!(error instanceof ProviderError) || error instanceof CircuitOpen) return false;
  return error.retryable && error.code !== "timeout" && (error.retryAfterMs ?? 0) <= longestRetryAfterMs;
}
