import type { HandoffReason } from "../protocol/handling.ts";
import { answerTo, changeOfVoice, type VoiceContext, type VoiceOutcome } from "./change-of-voice.ts";

/** Changes of who answers that cut nothing: handoffs to people, and back. */

/** Addresses that may be left in a conversation: each may get mails, and need not be the visitor's own. */
const maxAddresses = 3;

interface Handoff {
  reason: HandoffReason;
  /** Absent: unchanged. Null removes it. */
  email?: string | null | undefined;
}

/**
 * Hands a conversation from the AI to people. A reply under way ends as it would; jobs that have not begun end. A repeat
 * changes only the address.
 */
export async function handOff(
  context: VoiceContext,
  conversationId: string,
  { reason, email }: Handoff,
): Promise<VoiceOutcome> {
  return changeOfVoice(context, conversationId, ({ handledBy, operator, handoffEmail, emailsLeft }) => {
    if (handledBy === "operator") return { type: "handled", operator };
    const another = typeof email === "string" && email !== handoffEmail;
    if (another && emailsLeft >= maxAddresses) return { type: "too_many_addresses" };
    const to = { handledBy: "waiting", operatorId: null, reason, email } as const;
    if (handledBy === "ai") return { ...to, notice: "waiting", ends: "queued" };
    return email === undefined || email === handoffEmail ? "as_it_is" : { ...to, ends: "none" };
  });
}

/**
 * Carries out a handoff that a rule has decided, see `handoffDue`, or that a pause of the assistant makes of a job that
 * has not begun. Nothing happens if another process did.
 */
export async function carryOutHandoff(context: VoiceContext, conversationId: string): Promise<VoiceOutcome> {
  return changeOfVoice(context, conversationId, ({ handledBy, handoffDue, paused, head }) => {
    const reason = handoffDue ?? (paused && head?.status === "queued" ? "paused" : null);
    if (handledBy !== "ai" || reason === null) return "as_it_is";
    return { handledBy: "waiting", operatorId: null, reason, notice: "waiting", ends: "queued" };
  });
}

/** Gives a conversation that waits for a person back to the AI, which answers what is unanswered. */
export async function withdrawHandoff(
  context: VoiceContext,
  conversationId: string,
  requestId: string | null,
): Promise<VoiceOutcome> {
  return changeOfVoice(context, conversationId, (voice) => {
    if (voice.handledBy === "operator") return { type: "handled", operator: voice.operator };
    if (voice.handledBy === "ai") return "as_it_is";
    if (voice.paused) return { type: "paused" };
    const to = { handledBy: "ai", operatorId: null, reason: "withdrawn", notice: "assistant", ends: "none" } as const;
    return { ...to, ...answerTo(voice, requestId) };
  });
}

interface Leaving {
  operatorId: string;
  /** True for an admin, who may do so for a colleague. */
  force: boolean;
  requestId: string | null;
}

/** Gives an operator's conversation back: to the AI, which answers what is unanswered, or to the queue. */
export async function release(
  context: VoiceContext,
  conversationId: string,
  { to, operatorId, force, requestId }: Leaving & { to: "ai" | "queue" },
): Promise<VoiceOutcome> {
  return changeOfVoice(context, conversationId, (voice) => {
    const { handledBy, operator } = voice;
    if (handledBy === (to === "ai" ? "ai" : "waiting")) return "as_it_is";
    if (handledBy === "operator" && voice.operatorId !== operatorId && !force) return { type: "handled", operator };
    if (handledBy === "ai") return { type: "not_theirs", handledBy };
    const change = { operatorId: null, reason: "released", ends: "none" } as const;
    if (to === "ai" && voice.paused) return { type: "paused" };
    if (to === "queue") return { ...change, handledBy: "waiting", notice: "waiting" };
    return { ...change, handledBy: "ai", notice: "assistant", ...answerTo(voice, requestId) };
  });
}

/** Ends an exchange with people. The AI has the conversation again, and the visitor's next message opens it. */
export async function close(
  context: VoiceContext,
  conversationId: string,
  { operatorId, force }: Omit<Leaving, "requestId">,
): Promise<VoiceOutcome> {
  return changeOfVoice(context, conversationId, ({ handledBy, operator, operatorId: has, closedAt }) => {
    if (handledBy === "operator" && has !== operatorId && !force) return { type: "handled", operator };
    const ai = {
      handledBy: "ai",
      operatorId: null,
      reason: "closed",
      ends: "none",
      closes: true,
      by: operatorId,
    } as const;
    if (handledBy === "ai") return closedAt === null ? ai : "as_it_is";
    return { ...ai, notice: "closed" };
  });
}
