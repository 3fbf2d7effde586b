import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { toolOfAction } from "../../../shared/actions/declared-action.ts";
import { hashOfTool } from "../../../shared/assistants/tools/hash-of-tool.ts";
import type { SiteTool } from "../../../shared/assistants/tools/site-tool.ts";
import {
  type ActionToRun,
  markSent,
  type OutcomeState,
  readActionToRun,
  settleAction,
} from "../../../shared/db/actions/send.ts";
import type { ProposedAction } from "../../../shared/db/actions/proposals.ts";
import { readUnasked, storeUnasked } from "../../../shared/db/actions/unasked.ts";
import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { SiteToolClient, ToolOutcome } from "../../../shared/site-tools/tool-outcome.ts";
import { askStatusMs, leaseMs } from "../../../shared/tunables.ts";
import { Stopped } from "../run/leases.ts";
import { untilStored } from "../run/until-stored.ts";
import type { WorkerContext } from "../worker-context.ts";
import type { ReadClaims } from "./read-claims.ts";

type ActionContext = Pick<WorkerContext, "assistants" | "db" | "reclaimGuard"> & {
  siteTools: Pick<SiteToolClient, "call" | "askStatus">;
};

/** Pauses between two questions to an endpoint about the same action. */
const firstPauseMs = 500;
const longestPauseMs = 5000;
/** Time from noting an action as sent to its call: less than what is left of a lease that is renewed in time. */
const sendWithinMs = leaseMs / 2;

export interface ActingRun {
  context: ActionContext;
  log: Logger;
  /** Ends the questions when the worker ends; another run goes on then. A call that was sent is always waited for. */
  signal: AbortSignal;
  /** Claims of the visitor's identity; absent without a job, with which they end. */
  claims?: ReadClaims;
}

/**
 * Carries out the action that a job's message has confirmed, or finds what became of it. `sent` is committed before the
 * call, so of all runs of the job one calls; a later one that finds `sent` settles it.
 * @returns the action as it stands then; `undefined`: the message answers none, or it was erased
 */
export async function carryOutAction(run: ActingRun, job: ClaimedJob): Promise<ActionToRun | undefined> {
  const { context, log } = run;
  const { pool } = context.db;
  const { actionId: id } = job;
  if (id === null) return undefined;
  const stored = <T>(statement: () => Promise<T>) => untilStored(statement, { ...context, log });
  const action = await stored(() => readActionToRun(pool, id));
  if (action?.state === "sent") return settle(run, action);
  if (action?.state !== "confirmed") return action;
  const tool = declared(context, action);
  // It stays as it is: the end of the job withdraws it.
  if (!tool || action.arguments === null) return action;
  const claims = await run.claims?.();
  run.signal.throwIfAborted();
  const sender = { jobId: job.id, attempt: job.attempt, token: v7() };
  const noted = await noteSending(run, () => markSent(pool, id, sender));
  if (noted !== "now") {
    const now = await stored(() => readActionToRun(pool, id));
    return now?.state === "sent" ? settle(run, now) : now;
  }
  audit(log, "send-action", action);
  const outcome = await context.siteTools.call(tool, action.arguments, { ...optionsOf(action), claims });
  return settle(run, { ...action, state: "sent", sentMs: 0 }, outcome);
}

/**
 * Sends an action that needs no confirmation, and records its outcome. `sent` is committed before the call, and a job sends
 * the same call of a model once.
 * @throws {Stopped} if the job is no longer this run's: nothing was sent
 */
export async function sendUnasked(
  run: ActingRun,
  job: ClaimedJob,
  { tool, action: { hash, lines, ...proposed } }: { tool: SiteTool; action: ProposedAction },
): Promise<ActionToRun> {
  const { context, log } = run;
  const { id: jobId, conversationId, siteId, assistantType } = job;
  const claims = await run.claims?.();
  run.signal.throwIfAborted();
  const sender = { siteId, jobId, run: job.run, token: v7() };
  const store = () => storeUnasked(context.db.pool, { hash, lines, ...proposed }, sender);
  const noted = await noteSending(run, store);
  if (noted === "refused") throw new Stopped("lost");
  const locale = job.metadata["locale"] ?? null;
  const own = { state: "sent", result: null, sentMs: 0, asked: false } as const;
  const action: ActionToRun = { ...proposed, ...own, hash, conversationId, assistantType, locale };
  if (noted === "late") return settle(run, action);
  audit(log, "send-action", action);
  const outcome = await context.siteTools.call(tool, proposed.arguments, { ...optionsOf(action), claims });
  return settle(run, action, outcome);
}

/**
 * Notes that an action is about to be sent.
 * @returns `late`: the process was frozen since. It must not send: another run may have given the action up, and told the visitor
 */
async function noteSending(
  { context, log }: ActingRun,
  note: () => Promise<boolean>,
): Promise<"now" | "late" | "refused"> {
  let notedAt = 0;
  const isNoted = await untilStored(
    () => {
      notedAt = performance.now();
      return note();
    },
    { ...context, log },
  );
  if (!isNoted) return "refused";
  return performance.now() - notedAt > sendWithinMs ? "late" : "now";
}

/** Finds what earlier runs of a job have sent without asking, and what became of it. */
export async function recallUnasked(run: ActingRun, { id, run: number }: ClaimedJob): Promise<ActionToRun[]> {
  // Nothing is read for nearly all jobs.
  if (number === 1) return [];
  const { context, log } = run;
  const found = await untilStored(() => readUnasked(context.db.pool, id), { ...context, log });
  const settled: ActionToRun[] = [];
  for (const action of found) settled.push(action.state === "sent" ? await settle(run, action) : action);
  return settled;
}

/** Settles an action whose sender is gone, without a job. */
export async function settleStranded(run: ActingRun, id: string): Promise<void> {
  const action = await readActionToRun(run.context.db.pool, id);
  if (action?.state === "sent") await settle(run, action);
}

/**
 * Learns what became of an action that was sent, and records it. An endpoint that honours the key is called again, one
 * with a status is asked, for a time; what cannot be learned is `unknown`.
 * @param first outcome of the call, for whoever made it
 */
async function settle(run: ActingRun, action: ActionToRun, first?: ToolOutcome): Promise<ActionToRun> {
  const outcome = first && first.state !== "unknown" ? first : await learn(run, action);
  const { context, log } = run;
  const { state, text } = outcome;
  const handsOver = state === "unknown" && context.assistants.get(action.assistantType)?.people !== undefined;
  const result = text === "" ? null : text;
  const { pool } = context.db;
  const settled = await untilStored(() => settleAction(pool, action.id, { state, result, handsOver }), {
    ...context,
    log,
  });
  audit(log, `action-${state}`, action);
  if (settled) return { ...action, state, result };
  return (
    (await untilStored(() => readActionToRun(pool, action.id), { ...context, log })) ?? { ...action, state, result }
  );
}

type Learned = Pick<ToolOutcome, "text"> & { state: OutcomeState };

async function learn({ context, signal, claims: readClaims }: ActingRun, action: ActionToRun): Promise<Learned> {
  const tool = declared(context, action);
  const { arguments: given, sentMs } = action;
  const nobodyKnows: Learned = { state: "unknown", text: "" };
  if (!tool || given === null) return nobodyKnows;
  const ask = questionOf(context, tool);
  if (!ask) return nobodyKnows;
  const claims = await readClaims?.();
  const endsAt = performance.now() + tool.timeoutMs + askStatusMs - (sentMs ?? 0);
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const outcome = await ask(tool, given, { ...optionsOf(action), claims, repeated: true });
    if (outcome.state !== "unknown") return outcome;
    if (outcome.needsIdentity) return nobodyKnows;
    const leftMs = endsAt - performance.now();
    if (leftMs <= 0) return nobodyKnows;
    // The next run asks on.
    if (signal.reason instanceof Stopped && signal.reason.reason === "released") throw signal.reason;
    await sleep(Math.min(pauseMs, leftMs));
  }
}

/** Finds the way to ask an endpoint what became of a call; `undefined`: there is none. */
function questionOf({ siteTools }: ActionContext, { repeat, status }: SiteTool) {
  if (repeat === "key") return siteTools.call;
  return status === undefined ? undefined : siteTools.askStatus;
}

/** The tool, if it is still declared as it was when the visitor was asked. */
function declared({ assistants }: ActionContext, action: ActionToRun): SiteTool | undefined {
  const tool = toolOfAction(assistants, action);
  return tool && hashOfTool(tool) === action.version ? tool : undefined;
}

function optionsOf({ id, locale }: ActionToRun) {
  return { idempotencyKey: id, locale: locale ?? undefined };
}

/** Arguments may be anybody's data: the log has their names alone. */
function audit(log: Logger, what: string, { id, conversationId, tool, arguments: given }: ActionToRun): void {
  log.info({ audit: what, actionId: id, conversationId, tool, arguments: Object.keys(given ?? {}) }, "audit");
}
