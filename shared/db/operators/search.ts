import type { Expression } from "kysely";
import type { Pool } from "pg";
import type { StatementBuilder } from "../statement-builder.ts";
import { queryTyped, typedStatement } from "../typed-statement.ts";
import { type FoundConversation, readEntries } from "./entries.ts";
import type { JobStatus } from "../../protocol/job.ts";
import { apologizing, type FallbackOutcome, isFallback, type JobOutcome } from "./outcome.ts";
import { withTimeLimit } from "./time-limit.ts";

interface Period {
  from?: Date | undefined;
  /** Exclusive. */
  to?: Date | undefined;
}

export interface Search extends Period {
  outcome?: JobOutcome | undefined;
  /** Part of a message, in any case. */
  text?: string | undefined;
}

/** Entries of a page. */
export const foundLimit = 50;
/** Newest messages of the period that a search for text reads: a second of work on a small machine. */
export const searchedMessages = 200_000;
/** Characters of a message before the text that was found, and in all. */
const excerptChars = { before: 60, all: 300 };

export const newestStatement = typedStatement("operator-newest", (builder, { from, to }: Period) =>
  builder.db
    .selectFrom("conversations")
    .select((eb) => ["conversations.id", newestJob(builder, eb.ref("conversations.id")).as("jobId")])
    .select(builder.sql<null>`null`.as("excerpt"))
    .where("deleted_at", "is", null)
    .where("updated_at", ">=", from ?? new Date(0))
    .where("updated_at", "<", to ?? builder.sql<Date>`'infinity'`)
    .orderBy("updated_at", "desc")
    .limit(foundLimit),
);

// Each status has an index, or is the status of most rows. So jobs are read from the newest on, until there are enough.
export const byStatusStatement = typedStatement(
  "operator-by-status",
  ({ db, sql }, { status, from, to }: Period & { status: JobStatus | "people" }) =>
    db
      .selectFrom("jobs")
      .select(["conversation_id as id", "id as jobId", sql<null>`null`.as("excerpt")])
      .where(hasOutcome(sql, status))
      .where("created_at", ">=", from ?? new Date(0))
      .where("created_at", "<", to ?? sql<Date>`'infinity'`)
      .orderBy("created_at", "desc")
      .limit(foundLimit),
);

// From the replies, since few are fallbacks and those have an index. Their time is that of the reply.
export const byFallbackStatement = typedStatement(
  "operator-by-fallback",
  ({ db, sql }, { outcome, from, to }: Period & { outcome: FallbackOutcome }) =>
    db
      .selectFrom("messages")
      .innerJoin("jobs", (join) =>
        join.onRef("jobs.conversation_id", "=", "messages.conversation_id").onRef("jobs.turn", "=", "messages.turn"),
      )
      .select(["jobs.conversation_id as id", "jobs.id as jobId", sql<null>`null`.as("excerpt")])
      .where("messages.fallback", "=", true)
      .where("jobs.provider", outcome === "apology" ? "=" : "!=", apologizing)
      .where("messages.created_at", ">=", from ?? new Date(0))
      .where("messages.created_at", "<", to ?? sql<Date>`'infinity'`)
      .orderBy("messages.created_at", "desc")
      .limit(foundLimit),
);

export const byIdStatement = typedStatement("operator-by-id", (builder, id: string) =>
  builder.db
    .selectFrom("conversations")
    .select((eb) => ["conversations.id", newestJob(builder, eb.ref("conversations.id")).as("jobId")])
    .select(builder.sql<null>`null`.as("excerpt"))
    .where("conversations.id", "in", (eb) =>
      eb
        .selectFrom("conversations")
        .select("id")
        .where("id", "=", id)
        .unionAll(eb.selectFrom("jobs").select("conversation_id as id").where("id", "=", id))
        .unionAll(eb.selectFrom("messages").select("conversation_id as id").where("id", "=", id)),
    ),
);

export const byRequestStatement = typedStatement("operator-by-request", ({ db, sql }, requestId: string) =>
  db
    .selectFrom("jobs")
    .select(["conversation_id as id", "id as jobId", sql<null>`null`.as("excerpt")])
    .where("request_id", "=", requestId)
    .orderBy("created_at", "desc")
    .limit(foundLimit),
);

// Ids of messages are in the order of time (UUID, version 7), so the primary key yields the newest first, and the limit
// bounds the rows that are read. An index of words would cost every message more than the few searches are worth.
export const byTextStatement = typedStatement(
  "operator-by-text",
  (builder, { text, outcome, from, to }: Search & { text: string }) => {
    const { db, sql } = builder;
    return db
      .selectFrom((eb) =>
        eb
          .selectFrom("messages")
          .select(["id", "conversation_id", "turn", "text"])
          .where("id", ">=", firstIdOf(from ?? new Date(0)))
          .$if(to !== undefined, (query) => query.where("id", "<", firstIdOf(to ?? new Date(0))))
          .orderBy("id", "desc")
          .limit(searchedMessages)
          .as("recent"),
      )
      .select((eb) => [
        "recent.conversation_id as id",
        newestJob(builder, eb.ref("recent.conversation_id"), eb.ref("recent.turn")).as("jobId"),
        sql<string>`substring(text from greatest(1, position(lower(${text}) in lower(text)) - ${excerptChars.before}::int)
                              for ${excerptChars.all}::int)`.as("excerpt"),
      ])
      .where("text", "ilike", `%${text.replaceAll(/[%_\\]/g, "\\$&")}%`)
      .$if(outcome !== undefined, (query) =>
        query.where((eb) =>
          eb.exists(
            eb
              .selectFrom("jobs")
              .select("jobs.id")
              .whereRef("jobs.conversation_id", "=", "recent.conversation_id")
              .whereRef("jobs.turn", "=", "recent.turn")
              .where(hasOutcome(sql, outcome ?? "failed")),
          ),
        ),
      )
      .orderBy("recent.id", "desc")
      .limit(foundLimit);
  },
);

/** Condition on a row of `jobs`. A completed job whose reply is a fallback has another outcome. */
function hasOutcome(sql: StatementBuilder["sql"], outcome: JobOutcome) {
  const fallback = sql`exists (select from messages where messages.id = jobs.reply_id and messages.fallback)`;
  if (isFallback(outcome))
    return sql<boolean>`(jobs.provider = ${apologizing}) = ${outcome === "apology"} and ${fallback}`;
  if (outcome === "people") return sql<boolean>`jobs.handled_by is not null`;
  const byAi = sql`jobs.handled_by is null`;
  if (outcome === "completed") return sql<boolean>`jobs.status = ${outcome} and ${byAi} and not ${fallback}`;
  return sql<boolean>`jobs.status = ${outcome} and ${byAi}`;
}

/** @param turn whose job is preferred */
function newestJob({ db, sql }: StatementBuilder, conversationId: Expression<string>, turn?: Expression<number>) {
  return db
    .selectFrom("jobs")
    .select("jobs.id")
    .where("jobs.conversation_id", "=", conversationId)
    .$if(turn !== undefined, (query) => query.orderBy(sql`jobs.turn = ${turn}`, "desc"))
    .orderBy("jobs.turn", "desc")
    .limit(1);
}

/** @returns the lowest id of a message that was accepted at this time */
function firstIdOf(time: Date): string {
  const digits = Math.max(0, time.getTime()).toString(16).padStart(12, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-0000-0000-000000000000`;
}

/**
 * Reads the newest conversations of a period, at most {@link foundLimit}: with an outcome, one entry for each job that
 * has it; with a text, one for each message that contains it.
 * @throws {SearchTooLong}
 */
export async function searchConversations(pool: Pool, search: Search): Promise<FoundConversation[]> {
  const { outcome, text, ...period } = search;
  return withTimeLimit(pool, async (db) => {
    if (text !== undefined) return readEntries(db, await queryTyped(db, byTextStatement, { text, outcome, ...period }));
    if (outcome === undefined) return readEntries(db, await queryTyped(db, newestStatement, period));
    const hits = isFallback(outcome)
      ? queryTyped(db, byFallbackStatement, { outcome, ...period })
      : queryTyped(db, byStatusStatement, { status: outcome, ...period });
    return readEntries(db, await hits);
  });
}

/** Finds the conversation with this id, or the one that has a job or message with it. */
export async function findConversation(pool: Pool, id: string): Promise<FoundConversation | undefined> {
  const [found] = await readEntries(pool, await queryTyped(pool, byIdStatement, id));
  return found;
}

/** Finds the conversations whose messages were submitted by the requests with this id, newest first. */
export async function findRequest(pool: Pool, requestId: string): Promise<FoundConversation[]> {
  return readEntries(pool, await queryTyped(pool, byRequestStatement, requestId));
}
