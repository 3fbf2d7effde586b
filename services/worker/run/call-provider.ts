import { DelegateBackoff, handleWhen, type IRetryBackoffContext, retry } from "cockatiel";
import { exponentialBackoffMs } from "../../../shared/async/backoff.ts";
import type { CallSettlement } from "../../../shared/db/jobs/calls.ts";
import { type LedgerCall, type LedgerContext, openCall } from "../money/ledger.ts";
import { describeFault } from "../money/describe-fault.ts";
import { cleanWhole } from "../reply-text/clean-text.ts";
import type { SiteAnswer } from "../knowledge/site-answer.ts";
import { CircuitOpen } from "../providers/circuit.ts";
import { type Provider, ProviderError, type ProviderEvent, type ProviderRequest } from "../providers/provider.ts";
import type { KeptThoughts, ToolCall } from "../providers/tools/tool.ts";
import type { WorkerContext } from "../worker-context.ts";
import type { ReplyRun } from "./reply-run.ts";
import { ReplyWriter } from "../draft/reply-writer.ts";
import { Spendings } from "../money/spendings.ts";
import { type Thread, wantsThread } from "./thread.ts";

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

/** Makes one attempt: as many calls of the provider as the reply takes. */
async function callOnce(asked: ProviderCall): Promise<ProviderAnswer> {
  const { run, provider, request, answer, signal } = asked;
  const { draft, tools } = run;
  await draft.restart();
  signal.throwIfAborted();
  draft.expectSources(answer);
  let storing: Promise<void> | undefined;
  const store = () => (storing ??= draft.storePassages(answer));
  const writer = new ReplyWriter(draft, provider, request);
  // A provider without an upstream costs nothing and is never down.
  if (provider.upstream === undefined) {
    await store();
    const { finish } = await streamInto(writer, provider, request, { signal });
    endReply(writer, finish, request);
    return { finish, costUsd: 0, inThread: false };
  }
  const spent = new Spendings();
  for (;;) {
    const offered = wantsThread(provider, request.assistant) ? {} : tools.nextFor(provider.name, request.passages);
    const before = draft.text.length;
    const one = await callUpstream(asked, { request: { ...request, ...offered }, writer, store });
    const { calls, finish, call, inThread } = one;
    spent.add(finish.usage, call.costOf(finish.usage));
    const made = { text: draft.text.slice(before), calls, keep: one.keep, signal };
    const isWhole = calls.length === 0 || (await settledIfStopped(tools.carryOut(made, writer.hasWords), one));
    if (isWhole) {
      if (calls.length > 0) writer.end();
      const { usage: _usage, ...last } = finish;
      const settlement = call.answered(finish.usage);
      return { finish: { ...last, ...spent.usage }, costUsd: spent.costUsd, inThread, call: settlement };
    }
    await call.settleAnswered(finish.usage);
    writer.endCall();
  }
}

/** Settles a call that was answered, if the tools that it asks for are stopped: the provider is paid all the same. */
async function settledIfStopped<T>(running: Promise<T>, { call, finish }: UpstreamAnswer): Promise<T> {
  try {
    return await running;
  } catch (error) {
    await call.settleAnswered(finish.usage);
    throw error;
  }
}

interface UpstreamAnswer extends Streamed {
  call: LedgerCall;
  inThread: boolean;
}

interface Upstream {
  request: ProviderRequest;
  writer: ReplyWriter;
  /** Stores the passages, once. */
  store: () => Promise<void>;
}

/** Makes one call of a provider that has an upstream, recorded in the ledger. */
async function callUpstream(asked: ProviderCall, { request, writer, store }: Upstream): Promise<UpstreamAnswer> {
  const { context, run, thread, provider, signal } = asked;
  const { draft, report, tools } = run;
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
      const streamed = await streamInto(writer, provider, call.send(attached), options);
      if (streamed.calls.length === 0) endReply(writer, streamed.finish, request);
      return { ...streamed, inThread: attached.threadId !== undefined };
    };
    return { ...(await circuit.run(stream, () => alive)), call };
  } catch (error) {
    // The circuit opened while the call was written to the ledger.
    if (error instanceof CircuitOpen) {
      skip(error);
      await call.withdraw();
    } else await call.settle({ outcome: signal.aborted ? "stopped" : "failed", error });
    if (error instanceof ProviderError && error.misusedTools) tools.wentWrong();
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

interface Streamed {
  finish: Finish;
  calls: readonly ToolCall[];
  keep?: KeptThoughts | undefined;
}

/** Makes one call and writes its text. */
export async function streamInto(
  writer: ReplyWriter,
  provider: Provider,
  request: ProviderRequest,
  { signal, onSign, onBegun }: StreamOptions,
): Promise<Streamed> {
  let finish: Finish | undefined;
  let called: Extract<ProviderEvent, { type: "calls" }> | undefined;
  let begun = false;
  let heard = false;
  for await (const event of provider.stream(request, signal)) {
    // After this call was given up, the draft belongs to another attempt.
    signal.throwIfAborted();
    if (!heard) onSign?.();
    heard = true;
    if (event.type === "progress") continue;
    if (event.type === "calls") called = event;
    else if (event.type === "finish") finish = { ...event, model: cleanWhole(event.model) };
    else {
      writer.push(event.text);
      if (!begun) onBegun?.();
      begun = true;
    }
  }
  signal.throwIfAborted();
  if (!finish) throw new ProviderError("malformed", "the stream ended without a finish", { cut: true });
  return { finish, calls: called?.calls ?? [], keep: called?.keep };
}

/**
 * Ends a whole reply. If a stream broke off, the half character or half address that is held back is dropped instead.
 * @throws {ProviderError} when the reply is empty
 */
function endReply(writer: ReplyWriter, finish: Finish, { assistant }: ProviderRequest): void {
  writer.end();
  if (!writer.hasWords) throw emptyReply(finish, assistant.maxOutputTokens);
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
