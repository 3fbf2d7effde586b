import { createHash } from "node:crypto";
import type { Assistant } from "../../../shared/assistants/assistants.ts";
import type { CallSettlement } from "../../../shared/db/jobs/calls.ts";
import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import { LinkedAbort } from "../../../shared/async/linked-abort.ts";
import { isConfigured, type ProviderName, providerOf } from "../../../shared/assistants/provider-catalog.ts";
import { type Finish, streamInto, withRetries } from "./call-provider.ts";
import type { Draft } from "../draft/draft.ts";
import { Stopped } from "./leases.ts";
import { openCall } from "../money/ledger.ts";
import { buildPrompt } from "./prompt.ts";
import { CircuitOpen } from "../providers/circuit.ts";
import { type Provider, ProviderError, type ProviderRequest } from "../providers/provider.ts";
import type { RunReport } from "../telemetry/run-report.ts";
import { Thread } from "./thread.ts";
import { Turn, turnMs } from "./turn.ts";
import type { WorkerContext } from "../worker-context.ts";

export interface FoundReply {
  provider: ProviderName;
  finish: Finish;
  costUsd: number | null;
  inThread: boolean;
  /** The call that produced the reply; absent when no provider was called. */
  call?: CallSettlement;
  /** True if the reply is not from the assistant's own provider. */
  fallback: boolean;
}

/** Abort reason of provider calls when the job's deadline has passed; presets follow. */
class DeadlinePassed extends Error {
  override name = "DeadlinePassed";
}

interface Search {
  context: WorkerContext;
  job: ClaimedJob;
  draft: Draft;
  /** Aborts the whole search: the run was stopped. */
  signal: AbortSignal;
  report: RunReport;
}

type Answer = Pick<FoundReply, "finish" | "costUsd" | "inThread" | "call">;

/**
 * Gets a reply into the draft. Asks the assistant's own provider first, then its fallbacks in their order, then its
 * presets for a busy time.
 * @throws the signal's reason when the run is stopped; the last {@link ProviderError} when no provider answered
 */
export async function findReply(search: Search): Promise<FoundReply> {
  const { context, job, draft, signal, report } = search;
  const { log } = report;
  const assistant = assistantOf(context, job);
  const request: ProviderRequest = {
    assistant,
    prompt: buildPrompt(job, assistant),
    conversationTag: createHash("sha256").update(job.conversationId).digest("base64url"),
  };
  const thread = new Thread(context, job, log);
  using calls = new LinkedAbort(signal);
  const leftMs = Math.max(0, context.config.JOB_DEADLINE_MS - job.ageMs);
  const endsAt = performance.now() + leftMs;
  const timer = setTimeout(() => calls.abort(new DeadlinePassed("the job has had its time")), leftMs);
  const providers = providersFor(context, job, assistant);
  let last: unknown;
  try {
    for (const [place, provider] of providers.entries()) {
      try {
        using turn = new Turn({
          signal: calls.signal,
          written: () => draft.text.length,
          ms: turnMs(endsAt - performance.now(), countReady(context, providers.slice(place + 1))),
        });
        const found = await withRetries(() => callOnce(search, thread, provider, request, turn.signal), turn.signal);
        return { provider: provider.name, ...found, fallback: place > 0 };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Stopped) throw error;
        last = error;
        context.providerErrorLog.note(provider.name, error, log);
        if (calls.signal.aborted) break;
      }
    }
  } finally {
    clearTimeout(timer);
  }
  return busyReply(search, request, last);
}

async function callOnce(
  { context, job, draft, report }: Search,
  thread: Thread,
  provider: Provider,
  request: ProviderRequest,
  signal: AbortSignal,
): Promise<Answer> {
  await draft.restart();
  signal.throwIfAborted();
  // A provider without an upstream costs nothing and is never down.
  if (provider.upstream === undefined) {
    return { finish: await streamInto(draft, provider, request, signal), costUsd: 0, inThread: false };
  }
  const circuit = context.circuits.of(provider);
  circuit.check();
  const call = await openCall(context, job, draft.attempt, provider, request, report);
  try {
    let alive = false;
    const events = { onSign: () => (alive = true), onBegun: () => call.began() };
    const stream = async () => {
      const attached = await thread.attachTo(request, provider, signal);
      const streamed = await streamInto(draft, provider, call.send(attached), signal, events);
      return { finish: streamed, inThread: attached.threadId !== undefined };
    };
    const { finish, inThread } = await circuit.run(stream, () => alive);
    const settlement = call.answered(finish.usage);
    return { finish, costUsd: call.costOf(finish.usage), inThread, call: settlement };
  } catch (error) {
    // The circuit opened while the call was written to the ledger.
    if (error instanceof CircuitOpen) await call.withdraw();
    else await call.settle({ outcome: signal.aborted ? "stopped" : "failed", error });
    throw error;
  }
}

/** Sends "We are busy", in the visitor's language where the presets have it: kinder than a failure, and honest. */
async function busyReply(
  { draft, signal, context }: Search,
  request: ProviderRequest,
  last: unknown,
): Promise<FoundReply> {
  const [first, ...others] = request.assistant.presets.filter(({ fallback }) => fallback);
  const preset = context.providers.get("preset");
  if (!first || !preset) throw last;
  await draft.restart();
  const presets = [{ ...first, default: true as const }, ...others];
  const finish = await streamInto(draft, preset, { ...request, assistant: { ...request.assistant, presets } }, signal);
  return { provider: "preset", finish, costUsd: 0, inThread: false, fallback: true };
}

/**
 * Counts providers that need time. Presets answer at once, and providers that are down are not asked, so neither
 * counts.
 */
function countReady({ circuits }: WorkerContext, providers: readonly Provider[]): number {
  return providers.filter((provider) => provider.upstream !== undefined && !circuits.of(provider).isOpen).length;
}

/** Falls back to `default`: the assistant may have left the configuration since the message was accepted. */
function assistantOf({ assistants }: WorkerContext, { assistantType }: ClaimedJob): Assistant {
  const assistant = assistants.get(assistantType) ?? assistants.get("default");
  if (!assistant) throw new Error("there is no default assistant");
  return assistant;
}

/** Providers to ask, in this order. A provider that left the configuration is skipped. */
function providersFor({ config, providers }: WorkerContext, job: ClaimedJob, assistant: Assistant): Provider[] {
  const wanted = job.providerOverride;
  const first = wanted !== null && isConfigured(wanted, config) ? wanted : providerOf(assistant, config);
  const names = new Set<ProviderName>([first, ...(assistant.fallback ?? [])]);
  return [...names].flatMap((name) => providers.get(name) ?? []);
}

export function isDeadline(error: unknown): boolean {
  return error instanceof DeadlinePassed || (error instanceof ProviderError && error.cause instanceof DeadlinePassed);
}
