import type { Response } from "express";
import { readOwner } from "../../../shared/db/conversations/conversations.ts";
import type { ApiContext } from "../api-context.ts";
import { hasEnded, toJobView } from "../follow/job-view.ts";
import { clientOf, untilClosed } from "../middleware/client.ts";
import { idsOf } from "../middleware/request-id.ts";
import type { Submission } from "./submit-message.ts";

/** Fields added to the answer of a request that would wait, but for people: they answer later. */
export async function answerOfPeople(
  { handling }: Pick<ApiContext, "handling">,
  submission: Pick<Submission, "conversationId" | "handledBy" | "operator">,
) {
  const notice = await handling.insteadOfReply(submission.conversationId, submission);
  return { message: null, reply: null, ...(notice && { notice }) };
}

/** Fields added to the answer of a request that waits, if the job ends in time. */
export async function waitForReply(
  context: Pick<ApiContext, "db" | "handling" | "openRequests" | "watch" | "log">,
  res: Response,
  jobId: string,
  waitMs: number,
) {
  const { openRequests, watch, log } = context;
  const signal = untilClosed(res);
  if (!openRequests.take(clientOf(res.req).network, signal)) return undefined;
  const row = await watch.waitForEnd(jobId, waitMs, signal).catch((error: unknown) => {
    // The message is already accepted, so a failed wait must not turn the answer into an error.
    log.warn({ ...idsOf(res.req), err: error }, "could not wait for a reply");
    return undefined;
  });
  if (!row || !hasEnded(row.status)) return undefined;
  const { status, reply, error, handledBy, conversationId, provider, assistantId, threadId } = toJobView(row);
  if (handledBy !== undefined) {
    const owner = await readOwner(context.db.pool, conversationId);
    const people = { conversationId, handledBy, operator: owner?.handledBy === handledBy ? owner.operator : null };
    return {
      status,
      error,
      ...(await context.handling.describe(conversationId, people)),
      ...(await answerOfPeople(context, people)),
    };
  }
  if (status === "completed") {
    const said = { message: reply?.text, reply: reply?.text, sources: reply?.sources };
    return { status, ...said, provider, assistantId, threadId: threadId ?? null };
  }
  return { status, error };
}
