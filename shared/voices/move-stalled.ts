import { readStalled, type Stalled } from "../db/voices/stalled.ts";
import type { Voice } from "../db/voices/read-voice.ts";
import { answerTo, changeOfVoice, type Decision, type VoiceContext } from "./change-of-voice.ts";

/**
 * Moves on conversations with people in which nothing happens, so that no visitor waits for ever for somebody who is not
 * there. Safe to run twice, and beside everybody else: a conversation that has changed since it was read is left alone.
 */
export async function moveStalled(context: VoiceContext): Promise<void> {
  for (const stalled of await readStalled(context.db.pool)) await moveOn(context, stalled);
}

/** Moves one on, unless it has changed since it was read. */
export async function moveOn(context: VoiceContext, { id, eventSeq, how }: Stalled): Promise<void> {
  await changeOfVoice(context, id, (voice) => (voice.eventSeq === eventSeq ? next(voice, how) : "as_it_is"));
}

function next(voice: Voice, how: Stalled["how"]): Decision {
  if (voice.paused && (how === "nobody" || how === "silence")) return "as_it_is";
  const toQueue = { handledBy: "waiting", operatorId: null, ends: "none" } as const;
  if (how === "no-reply") return { ...toQueue, reason: "no-reply", notice: "waiting", returned: true };
  if (how === "overdue") return { ...toQueue, reason: null, notice: "overdue", overdue: true };
  const toAssistant = { handledBy: "ai", operatorId: null, reason: how, ends: "none" } as const;
  const unanswered = answerTo(voice, null);
  if (how === "nobody" || unanswered.answer) return { ...toAssistant, notice: "assistant", ...unanswered };
  return { ...toAssistant, notice: "closed", closes: true, ...(voice.operatorId !== null && { by: voice.operatorId }) };
}
