import { v7 } from "uuid";
import type { ChangedVoice } from "../db/voices/change-voice-statement.ts";
import { changeVoice, type VoiceChange } from "../db/voices/change-voice.ts";
import { readVoice, type Voice } from "../db/voices/read-voice.ts";
import { olderVersionRuns } from "../db/operators/process-reports.ts";
import type { OperatorName } from "../db/conversations/conversations.ts";
import type { Database } from "../db/database.ts";
import type { Dispatcher } from "../jobs/dispatcher.ts";
import type { Live } from "../live/live.ts";
import type { JobContext } from "../jobs/job-context.ts";
import { processVersion } from "../process/process-version.ts";
import type { HandledBy } from "../protocol/handling.ts";

/** Parts that a change of who answers needs. */
export interface VoiceContext extends Pick<JobContext, "log"> {
  db: Pick<Database, "pool">;
  dispatcher: Pick<Dispatcher, "push">;
  live: Pick<Live, "hintCancel" | "hintChange" | "seals">;
  /** Site whose conversations may be changed; absent: any. */
  siteId?: string;
}

/** State after a change, or after finding that there was nothing to change. */
export interface VoiceNow {
  type: "now";
  handledBy: HandledBy;
  operator: OperatorName | null;
  /** `seq` of the conversation's newest event. */
  eventSeq: number;
  /** False if nothing had to be changed. */
  changed: boolean;
}

export type VoiceRefusal =
  /** There is no such conversation, or it was deleted. */
  | { type: "gone" }
  /** A person has it. */
  | { type: "handled"; operator: OperatorName | null }
  /** The AI has it, and nobody else: there is nothing of the operator's to give away. */
  | { type: "not_theirs"; handledBy: HandledBy }
  /** As many addresses were left as may be. */
  | { type: "too_many_addresses" }
  /** The AI of its assistant is paused, so it cannot have it. */
  | { type: "paused" }
  /** A process of an older version runs, which does not know who answers. */
  | { type: "updating" }
  /** Other requests kept changing it: the same may be asked again. */
  | { type: "busy" };

export type VoiceOutcome = VoiceNow | VoiceRefusal;

/** Change that was decided from a state; or the reason why nothing is to be changed. */
export type Decision = Omit<VoiceChange, "conversationId" | "seen"> | VoiceRefusal | "as_it_is";

/** Each further try needs a change of the conversation between two statements. */
const maxTries = 5;

/**
 * Decides from a conversation's state, and stores the change if that state still holds; else decides again.
 * @param decide may be called several times
 */
export async function changeOfVoice(
  context: VoiceContext,
  conversationId: string,
  decide: (voice: Voice) => Decision | Promise<Decision>,
): Promise<VoiceOutcome> {
  const { pool } = context.db;
  if (await olderVersionRuns(pool, processVersion)) return { type: "updating" };
  for (let tries = 0; tries < maxTries; tries += 1) {
    const voice = await readVoice(pool, conversationId, context.siteId);
    if (!voice) return { type: "gone" };
    const decision = await decide(voice);
    if (decision === "as_it_is") return stateOf(voice);
    if ("type" in decision) return decision;
    const changed = await changeVoice(pool, { ...decision, conversationId, seen: voice });
    if (!changed) continue;
    tellOthers(context, decision, changed);
    const after = await readVoice(pool, conversationId, context.siteId);
    return after ? { ...stateOf(after), eventSeq: changed.eventSeq, changed: true } : { type: "gone" };
  }
  return { type: "busy" };
}

function stateOf({ handledBy, operator, eventSeq }: Voice): VoiceNow {
  return { type: "now", handledBy, operator, eventSeq, changed: false };
}

/**
 * Wakes the followers and the workers of what ended, and enqueues what begins. All of it is also found in the rows:
 * whoever misses it is late by seconds.
 */
function tellOthers(
  { live, dispatcher, log }: VoiceContext,
  { answer, ends }: Partial<VoiceChange>,
  changed: ChangedVoice,
) {
  if (answer && changed.head) dispatcher.push(answer.jobId);
  for (const { id } of changed.ended) {
    const ignore = (error: unknown) =>
      log.debug({ err: error, jobId: id }, "could not publish the hint of a job's end");
    live.hintChange(id).catch(ignore);
    if (ends === "open") live.hintCancel(id).catch(ignore);
  }
}

/** Job that answers the visitor's newest message, if nothing has answered it and nothing is about to. */
export function answerTo({ newest }: Voice, requestId: string | null): Pick<VoiceChange, "answer"> {
  if (newest?.sender !== "user" || newest.open) return {};
  return { answer: { jobId: v7(), messageId: newest.id, turn: newest.turn, requestId } };
}
