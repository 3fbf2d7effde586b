import { v7 } from "uuid";
import { hashOfAction, toolOfAction } from "../../../shared/actions/declared-action.ts";
import { hashOfTool } from "../../../shared/assistants/tools/hash-of-tool.ts";
import { valuesOfIdentity } from "../../../shared/assistants/tools/identity-parameters.ts";
import type { SiteTool } from "../../../shared/assistants/tools/site-tool.ts";
import { type ActionToAnswer, readActionToAnswer, storeAnswer } from "../../../shared/db/actions/answer.ts";
import { olderVersionRuns } from "../../../shared/db/operators/process-reports.ts";
import { Problem } from "../../../shared/errors.ts";
import { cursorOf } from "../../../shared/events/cursor.ts";
import { processVersion } from "../../../shared/process/process-version.ts";
import { identityHeader } from "../../../shared/protocol/headers.ts";
import type { ApiContext } from "../api-context.ts";
import { claimsOf, isOf, type Visitor } from "../access/identity.ts";
import { fullBacklog } from "../submit/backlog.ts";
import { sealClaims } from "../submit/seal-claims.ts";
import type { Submission } from "../submit/submit-message.ts";
import { busy, updating } from "../voices/voice-problems.ts";
import { countConfirmed } from "./count-confirmed.ts";
import { answerText } from "./answer-texts.ts";

type AnswerContext = Pick<
  ApiContext,
  "allowedTools" | "assistants" | "backlog" | "claimsSeal" | "db" | "dispatcher" | "limits" | "log" | "siteId"
>;

interface Answer {
  confirm: boolean;
  requestId: string;
  trace: string | undefined;
  /** The verified visitor who answers. */
  visitor: Visitor | undefined;
}

/** Each further try needs a change of the action or its conversation between two statements. */
const maxTries = 3;

/**
 * Stores a visitor's answer to an action: when this resolves, the answer, its message and its job are committed.
 * @param found the action, as its authorised sender may see it
 * @returns the job; `repeated`: the same answer was given before
 * @throws {Problem} when it cannot be answered so; then nothing was written
 */
export async function answerAction(
  context: AnswerContext,
  found: ActionToAnswer,
  { visitor, ...answer }: Answer,
): Promise<Submission & { repeated: boolean }> {
  const { pool } = context.db;
  let action: ActionToAnswer | undefined = found;
  for (let tries = 0; tries < maxTries && action; tries += 1) {
    if (action.answer) return repeatOf(action, answer.confirm, action.answer);
    checkOpen(action);
    if (answer.confirm) await readAllowed(context, action);
    const hash = answer.confirm ? presentHash(context, action, visitor) : action.hash;
    if (await context.backlog.isFull()) throw fullBacklog();
    // A worker of an older version would answer the message, and not act.
    if (await olderVersionRuns(pool, processVersion)) throw updating("actions");
    if (answer.confirm && tries === 0) await countConfirmed(context.limits, action);
    const ids = { jobId: v7(), messageId: v7() };
    const text = answerText(answer.confirm, action);
    const { id: actionId, conversationId, assistantType } = action;
    const claims = await sealClaims(context, { jobId: ids.jobId, visitor, assistantType, conversationId });
    const stored = await storeAnswer(pool, { ...ids, ...answer, actionId, siteId: context.siteId, hash, text, claims });
    if (stored) {
      if (stored.head) context.dispatcher.push(ids.jobId);
      context.log.info({ audit: "answer-action", actionId, conversationId, tool: action.tool, ...answer }, "audit");
      const cursor = cursorOf(conversationId, stored.eventSeq);
      return { ...ids, conversationId, status: "queued", cursor, handledBy: "ai", operator: null, repeated: false };
    }
    action = await readActionToAnswer(pool, actionId);
  }
  if (!action) throw new Problem("not-found", "This conversation no longer exists.");
  throw busy();
}

function repeatOf(
  { conversationId, state, eventSeq, handledBy, operator }: ActionToAnswer,
  confirm: boolean,
  { id, messageId, status }: NonNullable<ActionToAnswer["answer"]>,
): Submission & { repeated: true } {
  if (confirm !== (state !== "refused")) {
    throw new Problem("answered", `The answer was ${confirm ? "no" : "yes"}, and stays so.`);
  }
  const cursor = cursorOf(conversationId, eventSeq);
  return { jobId: id, conversationId, messageId, status, cursor, handledBy, operator, repeated: true };
}

/** @throws {Problem} unless the action waits for its visitor, and the AI has the conversation */
function checkOpen({ state, deleted, blocked, answersAi }: ActionToAnswer): void {
  if (deleted) throw new Problem("not-found", "This conversation no longer exists.");
  if (blocked) throw new Problem("blocked", "The site's team takes no messages from you in this chat.");
  if (state !== "waiting") throw new Problem("action-over", `It is ${state}: ask the assistant again.`, { state });
  if (!answersAi) {
    throw new Problem("action-over", "A person goes on with this conversation: ask them.", { state });
  }
}

/** Another process may know already that a tool of an MCP server was allowed, or turned off. */
async function readAllowed({ assistants, allowedTools }: AnswerContext, action: ActionToAnswer): Promise<void> {
  const tool = toolOfAction(assistants, action);
  if (!tool || tool.mcp) await allowedTools.refresh();
}

/**
 * @returns the hash of what is confirmed, from the tool as it is declared now
 * @throws {Problem} if it is not what was proposed, or its visitor has to be signed in for it
 */
function presentHash({ assistants }: AnswerContext, action: ActionToAnswer, visitor: Visitor | undefined): Buffer {
  const { arguments: given } = action;
  const tool = toolOfAction(assistants, action);
  const hash = tool && given && hashOfAction({ tool: action.tool, version: hashOfTool(tool), arguments: given });
  if (!hash?.equals(action.hash)) {
    throw new Problem("tool-changed", "The site has changed what this would do. Ask the assistant again.");
  }
  if (tool?.identity) checkIdentity(tool, action, visitor);
  return hash;
}

/** An identity that opens the conversation of nobody may be anybody's: only its own visitor's counts. */
function checkIdentity(tool: SiteTool, { visitorHash }: ActionToAnswer, visitor: Visitor | undefined): void {
  const isOwn = visitor && visitorHash && isOf(visitor, visitorHash);
  if (isOwn && valuesOfIdentity(tool, claimsOf(visitor))) return;
  const lacks = isOwn ? ` It lacks a claim that this takes: ${Object.values(tool.identity ?? {}).join(", ")}.` : "";
  throw new Problem("identity-required", `Send ${identityHeader} of this conversation's visitor.${lacks}`, {
    status: 403,
  });
}
