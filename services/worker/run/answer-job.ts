import { v7 as uuid } from "uuid";
import { type ClaimedJob, releaseJob } from "../../../shared/db/jobs/claim.ts";
import type { JobEnd } from "../../../shared/db/jobs/end.ts";
import { handInCut } from "../../../shared/db/voices/hand-in-cut.ts";
import { endJob } from "../../../shared/jobs/end-job.ts";
import type { Logger } from "../../../shared/logger.ts";
import { readCards } from "../../../shared/db/actions/cards.ts";
import type { ActionToRun } from "../../../shared/db/actions/send.ts";
import { type ActingRun, carryOutAction, recallUnasked } from "../actions/carry-out.ts";
import { claimsOfJob, type ReadClaims } from "../actions/read-claims.ts";
import { proposingToolsOf } from "../actions/proposing-tools.ts";
import { tellAction, tellAlso, type ToldAction } from "../actions/told-action.ts";
import { type SentUnasked, unaskedToolsOf, type UnaskedOptions } from "../actions/unasked-tools.ts";
import { Draft } from "../draft/draft.ts";
import { ownToolsOf } from "../tools/handoff-tool.ts";
import { findReply, type FoundReply } from "./find-reply.ts";
import { Stopped } from "./leases.ts";
import { isDeadline } from "./time-slice.ts";
import { ProviderError } from "../providers/provider.ts";
import { RunReport } from "../telemetry/run-report.ts";
import { type ReadingOptions, readingToolsOf } from "../tools/reading-tools.ts";
import { ToolSession } from "../tools/tool-session.ts";
import { untilStored } from "./until-stored.ts";
import type { WorkerContext } from "../worker-context.ts";

/** One claim of a job, and the parts that last as long as it. */
interface JobRun {
  job: ClaimedJob;
  draft: Draft;
  report: RunReport;
  tools: ToolSession;
  acting: ActingRun & { context: WorkerContext; claims: ReadClaims };
  sent: SentUnasked;
  told?: ToldAction;
}

/** `lost`: another run has the job, or its conversation was deleted; nothing was written. */
export type Outcome = { type: "ended"; end: JobEnd } | { type: "lost" } | { type: "released" };

/**
 * Answers a claimed job: streams a reply into the draft, then stores it and ends the job.
 * @throws when it is uncertain whether the job was ended or released
 */
export async function answerJob(context: WorkerContext, job: ClaimedJob): Promise<Outcome> {
  const report = new RunReport(context, job);
  const { log } = report;
  const { signal, release } = context.leases.hold(job);
  const draft = new Draft(context, job, () => context.leases.stop(job, "lost"), log);
  const people = context.assistants.get(job.assistantType)?.people;
  const acting = { context, log, signal, claims: claimsOfJob(context, job, log) };
  const sent: SentUnasked = new Map();
  const onOutcome = (action: ActionToRun) => void (run.told = tellAlso(run.told, action));
  const tools = openSession(acting, job, { sent, onOutcome, onRead: (call) => report.read(call) });
  const run: JobRun = { job, draft, report, tools, acting, sent };
  try {
    // Readers of the job reload its row and see it active.
    context.live
      .hintChange(job.id)
      .catch((error: unknown) => log.debug({ err: error }, "could not publish the hint of a claim"));
    const found = await actThenSpeak(context, run, signal).catch((error: unknown) => ({ error }));
    await draft.close();
    const end = "error" in found ? describeFailure(draft, found.error, log) : describeReply(draft, found);
    if (end === "lost") {
      await handInShown(context, run);
      // A run that took the job over writes the draft of a later attempt. After a deletion no run erases this draft, so
      // drop it here.
      context.live
        .dropDraft(job.id, draft.attempt)
        .catch((error: unknown) => log.debug({ err: error }, "could not delete a draft"));
      return leave(report, "lost");
    }
    if (end === "released") return leave(report, await giveBack(context, job, draft.attempt));
    end.firstDeltaMs = draft.firstDeltaMs;
    end.handoffAfter = people?.afterFailures;
    if (tools.handoff && end.status !== "cancelled") end.handoff = tools.handoff;
    if (end.status === "completed" && end.provider !== "preset" && tools.proposals.size > 0)
      end.actions = [...tools.proposals.values()];
    if (report.skippedCalls.length > 0) end.skippedCalls = report.skippedCalls;
    if (report.toolCalls.length > 0) end.toolCalls = report.toolCalls;
    if (!(await store(context, run, end))) return leave(report, "lost");
    report.ended(draft.attempt, end);
    return { type: "ended", end };
  } catch (error) {
    report.broke(error);
    throw error;
  } finally {
    release();
  }
}

/** Tools that the model of a job may call. */
function openSession(
  acting: JobRun["acting"],
  job: ClaimedJob,
  { onRead, ...noted }: Pick<UnaskedOptions, "sent" | "onOutcome"> & Pick<ReadingOptions, "onRead">,
): ToolSession {
  const { context, claims } = acting;
  const { assistants, db, siteTools } = context;
  const { people, tools } = assistants.get(job.assistantType) ?? {};
  const locale = job.metadata["locale"];
  const proposing = { locale, claims, readCards: () => readCards(db.pool, job.conversationId) };
  return new ToolSession([
    ...ownToolsOf({ people }),
    ...readingToolsOf({ tools }, { siteTools, jobId: job.id, locale, claims, onRead }),
    ...proposingToolsOf({ tools }, proposing),
    ...unaskedToolsOf({ tools }, { ...proposing, ...noted, run: acting, job }),
  ]);
}

/** Finds the reply. What the message confirms is carried out first, and what earlier runs have sent is settled. */
async function actThenSpeak(context: WorkerContext, run: JobRun, signal: AbortSignal): Promise<FoundReply> {
  const { acting, job, sent, tools } = run;
  const confirmed = await carryOutAction(acting, job);
  const unasked = await recallUnasked(acting, job);
  for (const action of unasked) sent.set(action.hash.toString("hex"), action);
  for (const action of confirmed ? [confirmed, ...unasked] : unasked) {
    const { turn } = tellAction(action);
    const told = tellAlso(run.told, action);
    run.told = turn && tools.recall(turn) ? told : { text: told.text };
  }
  return findReply({ context, run, signal });
}

/**
 * Hands in what visitors were shown, if a person took over while the draft store was away. In any other case that a run
 * is lost, nothing is written.
 */
async function handInShown({ db, log }: WorkerContext, { job, draft }: JobRun): Promise<void> {
  const { attempt, acknowledged: text } = draft;
  if (text === "") return;
  const { id: jobId, conversationId } = job;
  await handInCut(db.pool, { conversationId, jobId, attempt, replyId: uuid(), text }).catch((error: unknown) =>
    log.warn({ err: error }, "could not hand in what was shown of a reply that was taken over"),
  );
}

async function store(
  context: WorkerContext,
  { job: { id, conversationId }, draft: { attempt }, report: { span, log } }: JobRun,
  end: JobEnd,
): Promise<boolean> {
  const { reclaimGuard, tracing } = context;
  const storing = tracing.start("store reply", { parent: span });
  try {
    return await untilStored(() => endJob(context, { id, conversationId, attempt }, end), { reclaimGuard, log });
  } finally {
    storing.end();
  }
}

function leave<How extends "lost" | "released">(report: RunReport, type: How): { type: How } {
  report.left(type);
  return { type };
}

function describeReply({ text, sources }: Draft, found: FoundReply): JobEnd {
  const { provider, finish, costUsd, inThread, call, fallback, unanswered } = found;
  const { finishReason, model, usage } = finish;
  return {
    status: "completed",
    provider,
    model,
    costUsd,
    inThread,
    call,
    ...(usage && { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens }),
    ...(unanswered && { unanswered: { words: unanswered } }),
    reply: { id: uuid(), text, finishReason, fallback, sources },
  };
}

function describeFailure({ text, sources }: Draft, error: unknown, log: Logger): JobEnd | "lost" | "released" {
  if (error instanceof Stopped) {
    if (error.reason !== "cancelled") return error.reason;
    return {
      status: "cancelled",
      errorCode: "cancelled",
      // Keep the text that the visitor has already seen.
      ...(text !== "" && { reply: { id: uuid(), text, finishReason: "cancelled" as const, fallback: false, sources } }),
    };
  }
  log.warn({ err: error }, "no provider and no preset could reply");
  if (isDeadline(error)) return { status: "failed", errorCode: "deadline" };
  const rejected = error instanceof ProviderError && error.code === "rejected";
  return { status: "failed", errorCode: rejected ? "provider_rejected" : "provider_unavailable" };
}

async function giveBack(
  { db }: Pick<WorkerContext, "db">,
  { id }: ClaimedJob,
  attempt: number,
): Promise<"released" | "lost"> {
  return (await releaseJob(db.pool, id, attempt)) ? "released" : "lost";
}
