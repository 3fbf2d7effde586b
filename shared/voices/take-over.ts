import { v4, v7 } from "uuid";
import { setTimeout as sleep } from "node:timers/promises";
import type { OperatorMessage, OperatorNote, VoiceChange } from "../db/voices/change-voice.ts";
import type { Voice } from "../db/voices/read-voice.ts";
import { changeOfVoice, type VoiceContext, type VoiceOutcome } from "./change-of-voice.ts";

/** Pauses after failed tries to seal. With the time limit of each try, an operator waits two seconds at most. */
const sealPausesMs = [100, 200, 300, 400, 0];

interface TakeOver {
  /** Person who answers from now on. */
  operatorId: string;
  /** Person who decides it: they may give away what is theirs. */
  actorId: string;
  reason: "taken" | "assigned";
  /** True: also from a colleague. */
  force: boolean;
  /** Message of the person with which they take over, or which they send in a conversation that is theirs. */
  message?: OperatorMessage | undefined;
  /** Words to the person who answers from now on. */
  note?: OperatorNote | undefined;
}

/**
 * Gives a conversation to a person, at once and exactly: a reply that is being written ends with the bytes that its
 * draft has when it is sealed. They are the AI's message for good, and nothing beyond them is shown to anybody.
 *
 * A draft that is a row is sealed by the statement that takes over. A draft on Redis is sealed first, for longer
 * than the statement may take; if this process dies in between, the seal runs out and the worker goes on. While the draft
 * store is away there is no text to keep: the worker hands it in, see `handInCut`.
 */
export async function takeOver(
  context: VoiceContext,
  conversationId: string,
  { operatorId, actorId, reason, force, message, note }: TakeOver,
): Promise<VoiceOutcome> {
  const token = v4();
  const sealed = new Map<string, number>();
  const outcome = await changeOfVoice(context, conversationId, async (voice) => {
    const { handledBy, operator, head } = voice;
    const theirs = handledBy === "operator" && voice.operatorId === operatorId;
    if (theirs && !message && !note) return "as_it_is";
    const may = theirs || voice.operatorId === actorId || force;
    if (handledBy === "operator" && !may) return { type: "handled", operator };
    const change = { handledBy: "operator", operatorId, message, note } as const;
    if (theirs) return { ...change, reason: null, ends: "none" };
    if (head?.status === "active") sealed.set(head.id, head.attempt);
    const cut = head && { cut: { replyId: v7(), job: head, ...(await sealHead(context, head, token)) } };
    return { ...change, reason, notice: "taken", ends: "open", ...cut };
  });
  await settleSeals(context, { sealed, token, taken: outcome.type === "now" && outcome.changed });
  return outcome;
}

/** @returns the text to keep; without it the statement seals, or there is nothing to seal */
async function sealHead(
  { live, log }: VoiceContext,
  head: NonNullable<Voice["head"]>,
  token: string,
): Promise<Pick<NonNullable<VoiceChange["cut"]>, "text">> {
  if (head.status !== "active") return { text: null };
  if (!live.seals) return {};
  const draft = { jobId: head.id, attempt: head.attempt };
  // A store that hangs for a moment may have executed the seal: it is asked again, as a seal may be repeated.
  for (const pauseMs of sealPausesMs) {
    try {
      return { text: await live.seals.seal(draft, token) };
    } catch (error) {
      log.debug({ err: error, jobId: head.id }, "could not seal a draft");
      await sleep(pauseMs);
    }
  }
  log.warn({ jobId: head.id }, "took over without the draft store: the worker hands in what was shown");
  return { text: null };
}

/** Keeps the seals of a take-over, or takes them off. If that fails, the seals run out. */
async function settleSeals(
  { live, log }: VoiceContext,
  { sealed, token, taken }: { sealed: ReadonlyMap<string, number>; token: string; taken: boolean },
): Promise<void> {
  const { seals } = live;
  if (!seals) return;
  const settling = [...sealed].map(([jobId, attempt]) =>
    taken ? seals.keepSealed({ jobId, attempt }) : seals.unseal(jobId, token),
  );
  for (const { reason } of (await Promise.allSettled(settling)).filter((each) => each.status === "rejected")) {
    log.debug({ err: reason as unknown }, "could not settle the seal of a draft");
  }
}
