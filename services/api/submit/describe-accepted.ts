import type { SubmitResponse } from "../../../shared/protocol/submit.ts";
import type { ApiContext } from "../api-context.ts";
import type { Submission } from "./submit-message.ts";

/** Describes an accepted message to its client, with a fresh token of its conversation. */
export async function describeAccepted(
  { handling, tokens }: Pick<ApiContext, "handling" | "tokens">,
  submission: Submission,
): Promise<SubmitResponse> {
  const { operator, ...accepted } = submission;
  const { jobId, conversationId } = accepted;
  return {
    ...accepted,
    ...(await handling.describe(conversationId, { ...accepted, operator })),
    sessionId: conversationId,
    token: await tokens.sign(conversationId),
    links: {
      job: `/api/jobs/${jobId}`,
      events: `/api/jobs/${jobId}/events`,
      conversation: `/api/conversations/${conversationId}`,
    },
  };
}
