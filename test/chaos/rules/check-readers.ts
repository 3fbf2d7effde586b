import { describeRow, type LogRow } from "../people/describe-event.ts";
import type { Reading } from "../run-log.ts";
import type { Check, Evidence } from "./evidence.ts";

/** A row in the log that a reader reads. */
interface Placed {
  place: number;
  conversationId: string;
  what: string;
}

export const checkReaders: Check = {
  rule: "what a reader of events was told, doubles removed, is the log from where it began",
  check({ runLog, talks }, report) {
    const rows = [...talks.values()].flatMap(({ log }) => log);
    const inbox = rows
      .flatMap((row) => (row.pos !== null && row.pos <= runLog.logEnd ? [placed(row, row.pos)] : []))
      .toSorted((a, b) => a.place - b.place);
    const oldest = inbox[0]?.place ?? 0;
    for (const reading of runLog.readings) {
      const { conversationId } = reading;
      const log = conversationId === undefined ? inbox : ofConversation(talks.get(conversationId)?.log ?? []);
      const isGone = (id: string) => talks.get(id)?.deleted ?? true;
      for (const fault of compare(reading, log, isGone)) report(`${reading.who}: ${fault}`);
      for (const { from, to, garbled } of reading.resyncs) {
        // A deletion may have removed the oldest events of all.
        const kept = conversationId === undefined ? oldest > from + 1 : isGone(conversationId);
        if (!garbled && !kept) report(`${reading.who} was sent from ${from} to ${to}, and the log has what is between`);
      }
      for (const fault of checkEverything(reading, talks)) report(`${reading.who}: ${fault}`);
    }
    return runLog.readings.reduce((sum, { events }) => sum + events.length, 0);
  },
};

function placed(row: LogRow, place: number): Placed {
  return { place, conversationId: row.conversationId, what: describeRow(row) };
}

/** The end of a deleted conversation has no place: it is the last that its stream tells. */
function ofConversation(log: readonly LogRow[]): Placed[] {
  return log.filter(({ kind }) => kind !== "deleted").map((row) => placed(row, row.seq));
}

/** Lists what is missing, other than the log says, or not in it. Events of a deleted conversation are gone from the log. */
function* compare(
  { began, events, target, ended, resyncs, conversationId }: Reading,
  log: readonly Placed[],
  isGone: (conversationId: string) => boolean,
): Generator<string> {
  if (began === undefined) return;
  const told = new Map(events.map(({ place, what }) => [place, what]));
  const known = new Map(log.map(({ place, what }) => [place, what]));
  for (const { place, what, conversationId: of } of events) {
    const row = known.get(place);
    if (row === undefined && !isGone(of)) yield `was told "${what}" at ${place}, which the log does not have`;
    if (row !== undefined && row !== what) yield `was told "${what}" at ${place}, the log has "${row}"`;
  }
  // One that was told of the deletion by a refusal has not read on.
  const cutShort = ended === "deleted" || ended === "late" || ended === undefined;
  const end = cutShort ? Math.max(began, ...told.keys()) : (target ?? 0);
  for (const { place, what } of log) {
    if (place <= began || place > end || told.has(place)) continue;
    if (resyncs.some(({ from, to }) => place > from && place <= to)) continue;
    yield `was not told "${what}" at ${place}${conversationId === undefined ? "" : ` of ${conversationId}`}`;
  }
}

/** One that asked for everything got each message that was there. */
function* checkEverything(
  { everything, began, conversationId, ended }: Reading,
  talks: Evidence["talks"],
): Generator<string> {
  const talk = talks.get(conversationId ?? "");
  if (everything.length === 0 || talk === undefined || talk.deleted || began === undefined || ended === "deleted")
    return;
  const got = new Set(everything);
  for (const { kind, messageId, seq } of talk.log) {
    if (kind === "message" && seq <= began && messageId !== null && !got.has(messageId))
      yield `asked for everything, and did not get message ${messageId} at ${seq}`;
  }
}
