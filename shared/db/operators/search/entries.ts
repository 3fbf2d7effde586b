import type { ExpressionBuilder } from "kysely";
import type { Pool } from "pg";
import type { Tables } from "../../schema/tables.ts";
import type { StatementBuilder } from "../../statement-builder.ts";
import { queryTyped, type RowOf, typedStatement } from "../../typed-statement.ts";
import { apologizing } from "../outcome.ts";

/** Newest jobs of a conversation that are checked for failures. */
const checkedJobs = 100;
/** Characters of a message that a list reads: more than its first sentence. */
const messageChars = 300;

/** A conversation that was found, the job to show of it, and a part of the message if one was searched for. */
export interface Hit {
  id: string;
  jobId: string | null;
  excerpt: string | null;
  /** Its place in the list, a time and an id; null where the list has one page. */
  place: string | null;
}

/** A conversation as a list shows it, with one of its jobs. Times are Unix milliseconds. */
export interface FoundConversation extends RowOf<typeof entriesStatement> {
  /** Part of the message with the text that was searched for. */
  excerpt: string | null;
  place: string | null;
}

interface Listed {
  siteId: string;
  hits: readonly Hit[];
}

export const entriesStatement = typedStatement("operator-entries", (builder, { siteId, hits }: Listed) => {
  const { db, millis, sql } = builder;
  const jobIds = hits.flatMap(({ jobId }) => jobId ?? []);
  return db
    .selectFrom("conversations")
    .leftJoin("jobs", (join) =>
      join
        .onRef("jobs.conversation_id", "=", "conversations.id")
        .on("jobs.id", "=", sql<string>`any(${jobIds}::uuid[])`),
    )
    .leftJoin("messages as reply", "reply.id", "jobs.reply_id")
    .select(["conversations.id", "conversations.metadata", "conversations.assistant_type as assistantType"])
    .select(["message_count as messageCount", "jobs.id as jobId", "jobs.status as jobStatus"])
    .select(["jobs.error_code as errorCode", "jobs.provider", "reply.fallback", "jobs.handled_by as handledBy"])
    .select((eb) => [
      millis(eb.ref("conversations.updated_at")).as("updatedAt"),
      eb("deleted_at", "is not", null).$castTo<boolean>().as("deleted"),
      eb
        .selectFrom("messages")
        .select(sql<string>`left(text, ${messageChars}::int)`.as("text"))
        .whereRef("messages.conversation_id", "=", "conversations.id")
        .where("sender", "=", "user")
        .where("imported", "=", false)
        .orderBy("turn")
        .limit(1)
        .as("firstMessage"),
      eb
        .selectFrom("calls")
        .select("calls.error_code")
        .whereRef("calls.job_id", "=", "jobs.id")
        .where("calls.error_code", "is not", null)
        .orderBy("begun_at", "desc")
        .limit(1)
        .as("callError"),
      countFailures(builder, eb).as("failures"),
    ])
    .where("conversations.site_id", "=", siteId)
    .where("conversations.id", "=", sql<string>`any(${hits.map(({ id }) => id)}::uuid[])`);
});

/** Counts the newest jobs of a conversation that failed or whose reply is an apology. */
function countFailures({ sql }: StatementBuilder, eb: ExpressionBuilder<Tables, "conversations">) {
  return eb
    .selectFrom((inner) =>
      inner
        .selectFrom("jobs")
        .leftJoin("messages", "messages.id", "jobs.reply_id")
        .select(["status", "jobs.provider", "fallback"])
        .whereRef("jobs.conversation_id", "=", "conversations.id")
        .orderBy("jobs.turn", "desc")
        .limit(checkedJobs)
        .as("checked"),
    )
    .select(
      sql<number>`count(*) filter (where status = 'failed' or fallback and provider = ${apologizing})::int`.as("count"),
    );
}

/** Reads the entries of a list, in the order of what was found. What other sites have is left out. */
export async function readEntries(
  db: Pick<Pool, "query">,
  siteId: string,
  hits: readonly Hit[],
): Promise<FoundConversation[]> {
  if (hits.length === 0) return [];
  const rows = await queryTyped(db, entriesStatement, { siteId, hits });
  return hits.flatMap(({ id, jobId, excerpt, place }) => {
    const row = rows.find((each) => each.id === id && each.jobId === jobId);
    return row ? [{ ...row, excerpt, place }] : [];
  });
}
