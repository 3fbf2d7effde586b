import type { Pool } from "pg";
import {
  readConversationToExport,
  readJobsToExport,
  readMessagesToExport,
  type TurnRange,
} from "../../../shared/db/conversations/export.ts";
import { Problem } from "../../../shared/errors.ts";
import type { ExportedConversation } from "../../../shared/protocol/export.ts";
import { toTranscriptHead, toTranscriptTurns } from "./transcript.ts";

/** Turns of a long conversation that are read at a time, and held in memory. */
const turnsAtOnce = 50;

interface Export {
  conversation: ExportedConversation;
  /** Last turn of this export. Turns added while it is written are left to the next export. */
  lastTurn: number;
}

/**
 * Opens a conversation for an export, before its first byte is sent.
 * @throws {Problem} 404 when it was deleted
 */
export async function openExport(pool: Pool, conversationId: string): Promise<Export> {
  const found = await readConversationToExport(pool, conversationId);
  if (!found) throw deleted();
  return found;
}

/** True if one read returns the whole export, so that nothing is sent before it is complete. */
export function isReadAtOnce({ lastTurn }: Export): boolean {
  return lastTurn <= turnsAtOnce;
}

/**
 * Yields everything stored of a conversation as JSON, with a line for each message and job, read while it is sent.
 * @throws {Problem} midway if the conversation is deleted meanwhile; the part already sent is then incomplete
 */
export async function* exportAsJson(pool: Pool, source: Export): AsyncGenerator<string, void, undefined> {
  const { conversation } = source;
  const head = { exportedAt: new Date().toISOString(), conversation };
  yield `${JSON.stringify(head).slice(0, -1)},\n"messages":[`;
  yield* list(source, (range) => readMessagesToExport(pool, range));
  yield '],\n"jobs":[';
  yield* list(source, (range) => readJobsToExport(pool, range));
  await openExport(pool, conversation.id);
  yield "]}\n";
}

/** Yields the conversation as text for people, without the technical details, in the same way. */
export async function* exportAsText(
  pool: Pool,
  source: Export,
  nameOf: (assistantType: string) => string,
): AsyncGenerator<string, void, undefined> {
  yield toTranscriptHead(source.conversation, new Date());
  for (const range of ranges(source)) {
    const messages = await readMessagesToExport(pool, range);
    const jobs = await readJobsToExport(pool, range);
    yield toTranscriptTurns(messages, jobs, nameOf);
  }
  await openExport(pool, source.conversation.id);
}

async function* list(
  source: Export,
  read: (range: TurnRange) => Promise<object[]>,
): AsyncGenerator<string, void, undefined> {
  let separator = "\n";
  for (const range of ranges(source)) {
    const rows = await read(range);
    if (rows.length === 0) continue;
    yield separator + rows.map((row) => JSON.stringify(row)).join(",\n");
    separator = ",\n";
  }
}

function* ranges({ conversation, lastTurn }: Export): Generator<TurnRange, void, undefined> {
  for (let after = 0; after < lastTurn; after += turnsAtOnce) {
    yield { conversationId: conversation.id, after, upTo: Math.min(after + turnsAtOnce, lastTurn) };
  }
}

function deleted(): Problem {
  return new Problem("not-found", "This conversation no longer exists.");
}
