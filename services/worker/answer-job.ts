import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { v7 as uuid } from "uuid";
import { isDatabaseAway } from "../../shared/db/database.ts";
import { type ClaimedJob, holdsAttempt, releaseJob } from "../../shared/db/claim.ts";
import type { JobEnd } from "../../shared/db/end.ts";
import { endJob } from "../../shared/jobs/end-job.ts";
import { isConfigured, providerOf } from "../../shared/provider-catalog.ts";
import type { Logger } from "../../shared/logger.ts";
import { TextCleaner } from "./clean-text.ts";
import { DraftWriter } from "./draft-writer.ts";
import { Stopped } from "./leases.ts";
import { buildPrompt } from "./prompt.ts";
import { type Provider, ProviderError, type ProviderEvent, type ProviderRequest } from "./providers/provider.ts";
import type { WorkerContext } from "./worker-context.ts";

/** `lost`: another run has the job, or its conversation is gone; nothing was written. */
export type Outcome = { type: "ended"; end: JobEnd } | { type: "lost" } | { type: "released" };

type Finish = Extract<ProviderEvent, { type: "finish" }>;

/**
 * Answers a claimed job: streams the provider's reply into the draft, then stores it and ends the job.
 * @throws when the job could neither be ended nor given up for certain
 */
export async function answerJob(context: WorkerContext, job: ClaimedJob): Promise<Outcome> {
  const log = context.log.child({ jobId: job.id, conversationId: job.conversationId, requestId: job.requestId });
  const { signal, release } = context.leases.hold(job);
  const deadline = setTimeout(
    () => context.leases.stop(job.id, "deadline"),
    Math.max(0, context.config.JOB_DEADLINE_MS - job.ageMs),
  );
  const writer = new DraftWriter({
    live: context.live,
    jobId: job.id,
    attempt: job.attempt,
    isMine: () => holdsAttempt(context.db.pool, job.id, job.attempt),
    onLost: () => context.leases.stop(job.id, "lost"),
    log,
  });
  try {
    // Whoever follows the job reads its row and sees it active.
    context.live.hintChange(job.id).catch((error: unknown) => log.debug({ err: error }, "claim not hinted"));
    const { provider, request } = prepare(context, job);
    const result = await streamReply(provider, request, writer, signal).catch((error: unknown) => ({ error }));
    clearTimeout(deadline);
    await writer.close();
    const end = describeEnd(provider, writer.text, result, log);
    if (end === "lost") return { type: "lost" };
    if (end === "released") return await giveBack(context, job);
    const ended = await storeEnd(context, job, end, log);
    return ended ? { type: "ended", end } : { type: "lost" };
  } finally {
    clearTimeout(deadline);
    release();
  }
}

function prepare(context: WorkerContext, job: ClaimedJob): { provider: Provider; request: ProviderRequest } {
  // An assistant or a provider may have left the configuration since the message was accepted.
  const assistant = context.assistants.get(job.assistantType) ?? context.assistants.get("default");
  if (!assistant) throw new Error("there is no default assistant");
  const wanted = job.providerOverride;
  const name = wanted !== null && isConfigured(wanted, context.config) ? wanted : providerOf(assistant, context.config);
  const provider = context.providers.get(name) ?? context.providers.get("preset");
  if (!provider) throw new Error("no provider is loaded");
  const conversationTag = createHash("sha256").update(job.conversationId).digest("base64url");
  return { provider, request: { assistant, prompt: buildPrompt(job.history), conversationTag } };
}

async function streamReply(
  provider: Provider,
  request: ProviderRequest,
  writer: DraftWriter,
  signal: AbortSignal,
): Promise<Finish> {
  const cleaner = new TextCleaner();
  let finish: Finish | undefined;
  try {
    for await (const event of provider.stream(request, signal)) {
      if (event.type === "delta") writer.push(cleaner.push(event.text));
      else finish = event;
      signal.throwIfAborted();
    }
  } finally {
    writer.push(cleaner.end());
  }
  if (!finish) throw new ProviderError("malformed", "the stream ended without a finish");
  return finish;
}

function describeEnd(
  provider: Provider,
  text: string,
  result: Finish | { error: unknown },
  log: Logger,
): JobEnd | "lost" | "released" {
  if (!("error" in result)) return describeFinish(provider, text, result);
  const { error } = result;
  if (error instanceof Stopped) {
    if (error.reason === "lost" || error.reason === "released") return error.reason;
    if (error.reason === "deadline") return { status: "failed", errorCode: "deadline", provider: provider.name };
    return {
      status: "cancelled",
      errorCode: "cancelled",
      provider: provider.name,
      ...(text !== "" && { reply: { id: uuid(), text, finishReason: "cancelled" as const, fallback: false } }),
    };
  }
  log.warn({ err: error, provider: provider.name }, "no reply");
  const rejected = error instanceof ProviderError && error.code === "rejected";
  return {
    status: "failed",
    errorCode: rejected ? "provider_rejected" : "provider_unavailable",
    provider: provider.name,
  };
}

function describeFinish(provider: Provider, text: string, { finishReason, model, usage }: Finish): JobEnd {
  const answered = { provider: provider.name, model, ...usage };
  if (text === "") return { status: "failed", errorCode: "empty_reply", ...answered };
  return { status: "completed", ...answered, reply: { id: uuid(), text, finishReason, fallback: false } };
}

/** The longest pause between two tries to store an end. */
const maxPauseMs = 1000;

/** Stores an end however long PostgreSQL is away: the reply exists nowhere else. */
async function storeEnd(context: WorkerContext, job: ClaimedJob, end: JobEnd, log: Logger): Promise<boolean> {
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
    try {
      return await endJob(context, job, end);
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      context.takeOvers.databaseFailed();
      log.warn({ err: error }, "the end of a job is kept until PostgreSQL is back");
      await sleep(pauseMs);
    }
  }
}

async function giveBack(context: WorkerContext, job: ClaimedJob): Promise<Outcome> {
  const released = await releaseJob(context.db.pool, job.id, job.attempt);
  return { type: released ? "released" : "lost" };
}
