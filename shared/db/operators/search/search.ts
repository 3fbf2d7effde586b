import type { Pool } from "pg";
import { queryTyped } from "../../typed-statement.ts";
import { isFallback } from "../outcome.ts";
import { withTimeLimit } from "../time-limit.ts";
import { type FoundConversation, type Hit, readEntries } from "./entries.ts";
import type { Period, SearchFilter } from "./search-conditions.ts";
import {
  byFailedCallStatement,
  byFallbackStatement,
  byIdStatement,
  byMetadataStatement,
  byRatingStatement,
  byRequestStatement,
  byStatusStatement,
  byTextStatement,
  newestStatement,
} from "./search-statements.ts";

export interface Search extends Period {
  siteId: string;
  filter?: SearchFilter | undefined;
  /** Part of a message, in any case. */
  text?: string | undefined;
}

/**
 * Reads the newest conversations of a period, a page of them: with a filter, one entry for each job, call or rating that
 * it takes; with a text, one for each message that contains it.
 * @throws {SearchTooLong}
 */
export async function searchConversations(pool: Pool, search: Search): Promise<FoundConversation[]> {
  return withTimeLimit(pool, async (db) => readEntries(db, search.siteId, await findHits(db, search)));
}

function findHits(db: Pick<Pool, "query">, { filter, text, ...search }: Search): Promise<Hit[]> {
  const period: Period = { from: search.from, to: search.to, after: search.after };
  if (text !== undefined) return queryTyped(db, byTextStatement, { text, filter, ...period });
  if (filter === undefined) return queryTyped(db, newestStatement, period);
  if (filter === "down") return queryTyped(db, byRatingStatement, period);
  if (filter === "failed_call") return queryTyped(db, byFailedCallStatement, period);
  if (isFallback(filter)) return queryTyped(db, byFallbackStatement, { outcome: filter, ...period });
  return queryTyped(db, byStatusStatement, { status: filter, ...period });
}

/**
 * Finds the newest conversations with a text in a value of their metadata, a page at most.
 * @throws {SearchTooLong}
 */
export async function findByMetadata(
  pool: Pool,
  { siteId, text, ...period }: Search & { text: string },
): Promise<FoundConversation[]> {
  return withTimeLimit(pool, async (db) =>
    readEntries(db, siteId, await queryTyped(db, byMetadataStatement, { text, ...period })),
  );
}

/** Finds the conversation with this id, or the one that has a job or message with it. */
export async function findConversation(pool: Pool, siteId: string, id: string): Promise<FoundConversation | undefined> {
  const [found] = await readEntries(pool, siteId, await queryTyped(pool, byIdStatement, id));
  return found;
}

/** Finds the conversations whose messages were submitted by the requests with this id, newest first. */
export async function findRequest(pool: Pool, siteId: string, requestId: string): Promise<FoundConversation[]> {
  return readEntries(pool, siteId, await queryTyped(pool, byRequestStatement, requestId));
}

/** Finds what has this id: a conversation, or one of its jobs or messages; else a request, whose id may be a UUID, too. */
export async function findById(pool: Pool, siteId: string, id: string): Promise<FoundConversation[]> {
  const found = await findConversation(pool, siteId, id);
  return found ? [found] : findRequest(pool, siteId, id);
}
