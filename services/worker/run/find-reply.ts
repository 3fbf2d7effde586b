import { createHash } from "node:crypto";
import type { Assistant } from "../../../shared/assistants/assistants.ts";
import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import { LinkedAbort } from "../../../shared/async/linked-abort.ts";
import {
  fallbacksOf,
  isConfigured,
  type ProviderName,
  providerOf,
} from "../../../shared/assistants/provider-catalog.ts";
import { NobodyKnows, type ToldAction } from "../actions/told-action.ts";
import { findSiteAnswer } from "../knowledge/find-site-answer.ts";
import { choosePreset } from "../providers/preset.ts";
import { type CallContext, callProvider, type ProviderAnswer } from "./call-provider.ts";
import { Stopped } from "./leases.ts";
import { buildPrompt } from "./prompt.ts";
import { type Provider, ProviderError, type ProviderRequest } from "../providers/provider.ts";
import type { ReplyRun } from "./reply-run.ts";
import { Thread, wantsThread } from "./thread.ts";
import { DeadlinePassed, TimeSlice, timeSliceMs } from "./time-slice.ts";
import type { WorkerContext } from "../worker-context.ts";

export interface FoundReply extends ProviderAnswer {
  provider: ProviderName;
  /** True if the reply is not from the assistant's own provider. */
  fallback: boolean;
  /** Hash of the question's words, if the site's knowledge does not answer it. */
  unanswered?: Buffer | undefined;
}

type SearchContext = CallContext & Pick<WorkerContext, "assistants" | "knowledge" | "providers" | "providerErrorLog">;

interface Search {
  context: SearchContext;
  run: ReplyRun;
  /** Aborts the whole search: the run was stopped. */
  signal: AbortSignal;
}

/**
 * Gets a reply into the draft. Asks the assistant's own provider first, then its fallbacks in their order, then its
 * presets for a busy time. In place of presets, the site's own pages answer if they are sure enough. A suggestion for an
 * operator is found alike, but without an apology, and never in a thread: that holds what was said.
 * @throws the signal's reason when the run is stopped; the last {@link ProviderError} when no provider answered
 */
export async function findReply({ context, run, signal }: Search): Promise<FoundReply> {
  const { job, draft, report } = run;
  const { log } = report;
  const own = assistantOf(context, job);
  const assistant = run.forOperator ? { ...own, state: "own" as const } : own;
  const endsAt = performance.now() + Math.max(0, context.config.JOB_DEADLINE_MS - job.ageMs);
  const answer = await findSiteAnswer(context.knowledge, job, assistant, log);
  const request: ProviderRequest = {
    assistant,
    ...(answer && { passages: answer.passages }),
    prompt: buildPrompt(job, assistant),
    locale: job.metadata["locale"],
    conversationTag: createHash("sha256").update(job.conversationId).digest("base64url"),
  };
  const call = { context, run, thread: new Thread(context, job, log), request, answer };
  using calls = new LinkedAbort(signal);
  calls.abortAfter(Math.max(0, endsAt - performance.now()), () => new DeadlinePassed("the job has had its time"));
  const providers = providersFor(context, job, assistant).filter(
    (provider) => (!run.forOperator || provider.threads?.required !== true) && canTell(run, provider, assistant),
  );
  let last: unknown;
  for (const [place, provider] of providers.entries()) {
    if (!canTell(run, provider, assistant)) continue;
    try {
      using slice = new TimeSlice({
        signal: calls.signal,
        written: () => draft.text.length,
        ms: timeSliceMs(endsAt - performance.now(), countReady(context, providers.slice(place + 1))),
      });
      const asked = (provider.name === "preset" && answer?.quoting()) || provider;
      const given = await callProvider({ ...call, provider: asked, signal: slice.signal });
      // In an outage the presets say nothing about what a model would have found in the passages.
      const ownPreset = place === 0 && asked === provider;
      const isUnanswered = draft.isUnanswered || (ownPreset && leavesOpen(provider, request));
      const unanswered = isUnanswered ? answer?.words : undefined;
      return { provider: provider.name, ...given, fallback: place > 0 || asked !== provider, unanswered };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Stopped) throw error;
      if (error instanceof NobodyKnows) break;
      last = error;
      context.providerErrorLog.note(provider.name, error, log);
      if (calls.signal.aborted) break;
    }
  }
  if (run.told) {
    const told = await callProvider({ ...call, ...tellingCall(context, request, run.told), answer: undefined, signal });
    return { provider: "preset", ...told, fallback: providers.length > 0 };
  }
  const quoting = answer?.quoting();
  const busy = quoting ? { provider: quoting } : run.forOperator ? undefined : busyCall(context, request);
  if (!busy) {
    if (providers.length === 0) throw new ProviderError("rejected", "no provider can be asked");
    throw last;
  }
  return { provider: "preset", ...(await callProvider({ ...call, ...busy, signal })), fallback: true };
}

/** True unless the reply tells of an action that a provider cannot be told of: it has no tools, or nobody knows what became of it. */
function canTell({ told }: ReplyRun, provider: Provider, assistant: Assistant): boolean {
  return !told || (told.turn !== undefined && provider.upstream !== undefined && !wantsThread(provider, assistant));
}

/** Says what became of an action in the words of the site or of the service. */
function tellingCall(
  { providers }: Pick<SearchContext, "providers">,
  request: ProviderRequest,
  { text }: ToldAction,
): { provider: Provider; request: ProviderRequest } {
  const provider = providers.get("preset");
  if (!provider) throw new Error("there are no presets");
  const presets = [{ keywords: [], reply: text, default: true as const }];
  return { provider, request: { ...request, assistant: { ...request.assistant, presets } } };
}

/** True if a provider has nothing but the default preset to say. */
function leavesOpen({ name }: Provider, { assistant, prompt, locale }: ProviderRequest): boolean {
  return name === "preset" && choosePreset(assistant.presets, prompt.at(-1)?.text ?? "", locale).default === true;
}

/** Says "We are busy", in the visitor's language where the presets have it: kinder than a failure, and honest. */
function busyCall(
  { providers }: Pick<SearchContext, "providers">,
  request: ProviderRequest,
): { provider: Provider; request: ProviderRequest } | undefined {
  const [first, ...others] = request.assistant.presets.filter(({ fallback }) => fallback);
  const provider = providers.get("preset");
  if (!first || !provider) return undefined;
  const presets = [{ ...first, default: true as const }, ...others];
  return { provider, request: { ...request, assistant: { ...request.assistant, presets } } };
}

/**
 * Counts providers that need time. Presets answer at once, and providers that are down are not asked, so neither
 * counts.
 */
function countReady({ circuits }: Pick<WorkerContext, "circuits">, providers: readonly Provider[]): number {
  return providers.filter((provider) => provider.upstream !== undefined && !circuits.of(provider).isOpen).length;
}

/** Falls back to `default`: the assistant may have left the configuration since the message was accepted. */
function assistantOf({ assistants }: Pick<WorkerContext, "assistants">, { assistantType }: ClaimedJob): Assistant {
  const assistant = assistants.get(assistantType) ?? assistants.get("default");
  if (!assistant) throw new Error("there is no default assistant");
  return assistant;
}

/** Providers to ask, in this order. A provider that left the configuration is skipped. */
function providersFor(
  { config, providers }: Pick<WorkerContext, "config" | "providers">,
  job: ClaimedJob,
  assistant: Assistant,
): Provider[] {
  const wanted = job.providerOverride;
  const first = wanted !== null && isConfigured(wanted, config) ? wanted : providerOf(assistant, config);
  const names = new Set<ProviderName>([first, ...fallbacksOf(assistant, config)]);
  return [...names].flatMap((name) => providers.get(name) ?? []);
}
