import type { JobStatus } from "../../../protocol/job.ts";
import { typedStatement } from "../../typed-statement.ts";
import { apologizing, type FallbackOutcome } from "../outcome.ts";
import {
  containing,
  firstIdOf,
  harmless,
  idBefore,
  meets,
  newestJob,
  type Period,
  placeOf,
  type SearchFilter,
  inPeriod,
} from "./search-conditions.ts";

/** Entries of a page. */
export const foundLimit = 50;
/** Newest messages of the period that a search for text reads: a second of work on a small machine. */
export const searchedMessages = 200_000;
/** Newest conversations whose metadata a search reads, and newest calls that one for failed calls reads. */
const searchedConversations = 50_000;
const searchedCalls = 200_000;
/** Characters of a message before the text that was found, and in all. */
const excerptChars = { before: 60, all: 300 };

export const newestStatement = typedStatement("operator-newest", (builder, period: Period) =>
  builder.db
    .selectFrom("conversations")
    .select((eb) => [
      "conversations.id",
      newestJob(builder, eb.ref("conversations.id")).as("jobId"),
      builder.sql<null>`null`.as("excerpt"),
      placeOf(builder, eb.ref("updated_at"), eb.ref("conversations.id")).as("place"),
    ])
    .where("deleted_at", "is", null)
    .where((eb) => inPeriod(builder, period, eb.ref("updated_at"), eb.ref("conversations.id")))
    .orderBy("updated_at", "desc")
    .orderBy("conversations.id", "desc")
    .limit(foundLimit),
);

// Each status has an index, or is the status of most rows. So jobs are read from the newest on, until there are enough.
export const byStatusStatement = typedStatement(
  "operator-by-status",
  (builder, { status, ...period }: Period & { status: JobStatus | "people" }) =>
    builder.db
      .selectFrom("jobs")
      .select((eb) => [
        "conversation_id as id",
        "id as jobId",
        builder.sql<null>`null`.as("excerpt"),
        placeOf(builder, eb.ref("created_at"), eb.ref("id")).as("place"),
      ])
      .where(meets(builder.sql, status))
      .where((eb) => inPeriod(builder, period, eb.ref("created_at"), eb.ref("id")))
      .orderBy("created_at", "desc")
      .orderBy("jobs.id", "desc")
      .limit(foundLimit),
);

// From the replies, since few are fallbacks and those have an index. Their time is that of the reply.
export const byFallbackStatement = typedStatement(
  "operator-by-fallback",
  (builder, { outcome, ...period }: Period & { outcome: FallbackOutcome }) =>
    builder.db
      .selectFrom("messages")
      .innerJoin("jobs", (join) =>
        join.onRef("jobs.conversation_id", "=", "messages.conversation_id").onRef("jobs.turn", "=", "messages.turn"),
      )
      .select((eb) => [
        "jobs.conversation_id as id",
        "jobs.id as jobId",
        builder.sql<null>`null`.as("excerpt"),
        placeOf(builder, eb.ref("messages.created_at"), eb.ref("messages.id")).as("place"),
      ])
      .where("messages.fallback", "=", true)
      .where("jobs.provider", outcome === "apology" ? "=" : "!=", apologizing)
      .where((eb) => inPeriod(builder, period, eb.ref("messages.created_at"), eb.ref("messages.id")))
      .orderBy("messages.created_at", "desc")
      .orderBy("messages.id", "desc")
      .limit(foundLimit),
);

// From the ratings, whose time has an index. What the visitor wrote to it is the excerpt.
export const byRatingStatement = typedStatement("operator-by-rating", (builder, period: Period) =>
  builder.db
    .selectFrom("feedback")
    .innerJoin("messages", "messages.id", "feedback.message_id")
    .innerJoin("jobs", (join) =>
      join.onRef("jobs.conversation_id", "=", "messages.conversation_id").onRef("jobs.reply_id", "=", "messages.id"),
    )
    .select((eb) => [
      "jobs.conversation_id as id",
      "jobs.id as jobId",
      builder.sql<
        string | null
      >`nullif(concat_ws(': ', feedback.reason, left(comment, ${excerptChars.all}::int)), '')`.as("excerpt"),
      placeOf(builder, eb.ref("rated_at"), eb.ref("feedback.message_id")).as("place"),
    ])
    .where("rating", "=", "down")
    .where((eb) => inPeriod(builder, period, eb.ref("rated_at"), eb.ref("feedback.message_id")))
    .orderBy("rated_at", "desc")
    .orderBy("feedback.message_id", "desc")
    .limit(foundLimit),
);

// Ids of calls and messages are in the order of time (UUID, version 7), so the primary key yields the newest first, and
// the limit bounds the rows that are read. Indexes would cost every call and message more than the few searches are worth.
export const byFailedCallStatement = typedStatement("operator-by-failed-call", (builder, period: Period) =>
  builder.db
    .selectFrom((eb) =>
      eb
        .selectFrom("calls")
        .select(["id", "job_id", "error_code", "begun_at"])
        .where("id", ">=", firstIdOf(period.from ?? new Date(0)))
        .where("id", "<", idBefore(period))
        .orderBy("id", "desc")
        .limit(searchedCalls)
        .as("recent"),
    )
    .innerJoin("jobs", "jobs.id", "recent.job_id")
    .select((eb) => [
      "jobs.conversation_id as id",
      "jobs.id as jobId",
      builder.sql<null>`null`.as("excerpt"),
      placeOf(builder, eb.ref("recent.begun_at"), eb.ref("recent.id")).as("place"),
    ])
    .where("recent.error_code", "not in", harmless)
    .orderBy("recent.id", "desc")
    .limit(foundLimit),
);

export const byIdStatement = typedStatement("operator-by-id", (builder, id: string) =>
  builder.db
    .selectFrom("conversations")
    .select((eb) => ["conversations.id", newestJob(builder, eb.ref("conversations.id")).as("jobId")])
    .select([builder.sql<null>`null`.as("excerpt"), builder.sql<null>`null`.as("place")])
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
    .select(["conversation_id as id", "id as jobId", sql<null>`null`.as("excerpt"), sql<null>`null`.as("place")])
    .where("request_id", "=", requestId)
    .orderBy("created_at", "desc")
    .limit(foundLimit),
);

export const byTextStatement = typedStatement(
  "operator-by-text",
  (builder, { text, filter, ...period }: Period & { text: string; filter?: SearchFilter | undefined }) => {
    const { db, sql } = builder;
    return db
      .selectFrom((eb) =>
        eb
          .selectFrom("messages")
          .select(["id", "conversation_id", "turn", "text", "created_at"])
          .where("id", ">=", firstIdOf(period.from ?? new Date(0)))
          .where("id", "<", idBefore(period))
          .orderBy("id", "desc")
          .limit(searchedMessages)
          .as("recent"),
      )
      .select((eb) => [
        "recent.conversation_id as id",
        newestJob(builder, eb.ref("recent.conversation_id"), eb.ref("recent.turn")).as("jobId"),
        sql<string>`substring(text from greatest(1, position(lower(${text}) in lower(text)) - ${excerptChars.before}::int)
                              for ${excerptChars.all}::int)`.as("excerpt"),
        placeOf(builder, eb.ref("recent.created_at"), eb.ref("recent.id")).as("place"),
      ])
      .where("text", "ilike", containing(text))
      .$if(filter !== undefined, (query) =>
        query.where((eb) =>
          eb.exists(
            eb
              .selectFrom("jobs")
              .select("jobs.id")
              .whereRef("jobs.conversation_id", "=", "recent.conversation_id")
              .whereRef("jobs.turn", "=", "recent.turn")
              .where(meets(sql, filter ?? "failed")),
          ),
        ),
      )
      .orderBy("recent.id", "desc")
      .limit(foundLimit);
  },
);

// The values alone, as every page has the same names.
export const byMetadataStatement = typedStatement(
  "operator-by-metadata",
  (builder, { text, ...period }: Period & { text: string }) => {
    const { db, sql } = builder;
    const value = sql<string>`(select left(key || ': ' || value, ${excerptChars.all}::int)
                               from jsonb_each_text(recent.metadata) where value ilike ${containing(text)} limit 1)`;
    return db
      .selectFrom((eb) =>
        eb
          .selectFrom("conversations")
          .select(["id", "metadata", "updated_at"])
          .where("deleted_at", "is", null)
          .where((inner) => inPeriod(builder, period, inner.ref("updated_at"), inner.ref("id")))
          .orderBy("updated_at", "desc")
          .limit(searchedConversations)
          .as("recent"),
      )
      .select((eb) => [
        "recent.id",
        newestJob(builder, eb.ref("recent.id")).as("jobId"),
        value.as("excerpt"),
        placeOf(builder, eb.ref("recent.updated_at"), eb.ref("recent.id")).as("place"),
      ])
      .where(value, "is not", null)
      .orderBy("recent.updated_at", "desc")
      .limit(foundLimit);
  },
);
