import type { ActionCard, ActionState } from "../../../../shared/protocol/actions/action-card.ts";
import type { ToolChunk } from "./ui-chunk.ts";

/** Yields an action that a reply proposes, as a tool's call that wants an approval; and its outcome, if it has one. */
export function* proposalChunks(card: ActionCard): Generator<ToolChunk> {
  const { id, tool, title, lines, confirmLabel, refuseLabel, expiresAt } = card;
  yield {
    type: "tool-input-available",
    toolCallId: id,
    toolName: tool,
    title,
    input: { title, lines },
    dynamic: true,
    providerExecuted: true,
  };
  const approvalDescriptor = { title, lines, confirmLabel, refuseLabel, expiresAt };
  yield { type: "tool-approval-request", approvalId: id, toolCallId: id, approvalDescriptor };
  yield* outcomeChunks(card);
}

/** Errors that a client shows for actions without a result. */
const faults: Partial<Record<ActionState, string>> = {
  failed: "It could not be done.",
  unknown: "It is not known whether it was done: a person looks into it.",
  expired: "It was not confirmed in time.",
  replaced: "It was replaced by a newer proposal.",
  withdrawn: "It was withdrawn.",
};

/** Yields the visitor's answer to an action, and what came of it; nothing while it waits. */
export function* outcomeChunks({ id, state, result }: ActionCard): Generator<ToolChunk> {
  if (state === "waiting") return;
  const wasAnswered = !["expired", "replaced", "withdrawn"].includes(state);
  if (wasAnswered) yield { type: "tool-approval-response", approvalId: id, approved: state !== "refused" };
  if (state === "refused") yield { type: "tool-output-denied", toolCallId: id };
  if (state === "done") yield { type: "tool-output-available", toolCallId: id, output: { state, result } };
  const errorText = state === "failed" ? (result ?? faults.failed) : faults[state];
  if (errorText !== undefined) yield { type: "tool-output-error", toolCallId: id, errorText };
}
