import type { Pool } from "pg";
import type { JobStatus } from "../../protocol/job.ts";
import type { Columns } from "../schema/tables.ts";
import type { StatementBuilder } from "../statement-builder.ts";
import { queryTyped, typedStatement } from "../typed-statement.ts";

/** A conversation as a list shows it, with its newest job. Times are Unix milliseconds. */
export interface FoundConversation extends Columns<"conversations", "id" | "assistant_type" | "message_count"> {
  updatedAt: number;
  deleted: boolean;
  /** The newest job; in a search by status, the newest job with that status. */
  jobId: string | null;
  jobStatus: JobStatus | null;
  errorCode: Columns<"jobs", "error_code">["errorCode"];
}

interface Period {
  from?: Date | undefined;
  /** Exclusive. */
  to?: Date | undefined;
}

export interface Search extends Period {
  /** Only conversations that have a job with this status. */
  status?: JobStatus | undefined;
}

/** Entries of a page. */
export const foundLimit = 50;

function conversations({ db, millis }: StatementBuilder) {
  return db
    .selectFrom("conversations")
    .select((eb) => [
      "conversations.id",
      millis(eb.ref("conversations.updated_at")).as("updatedAt"),
      "conversations.assistant_type as assistantType",
      "message_count as messageCount",
      eb("deleted_at", "is not", null).$castTo<boolean>().as("deleted"),
    ]);
}

function conversationsWithNewestJob(builder: StatementBuilder) {
  return conversations(builder)
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom("jobs")
          .select(["jobs.id", "status", "error_code"])
          .whereRef("jobs.conversation_id", "=", "conversations.id")
          .orderBy("turn", "desc")
          .limit(1)
          .as("newest"),
      (join) => join.onTrue(),
    )
    .select(["newest.id as jobId", "newest.status as jobStatus", "newest.error_code as errorCode"]);
}

export const newestStatement = typedStatement("operator-newest", (builder, { from, to }: Period) =>
  conversationsWithNewestJob(builder)
    .where("deleted_at", "is", null)
    .where("updated_at", ">=", from ?? new Date(0))
    .where("updated_at", "<", to ?? builder.sql<Date>`'infinity'`)
    .orderBy("updated_at", "desc")
    .limit(foundLimit),
);

// Each status has an index, or is the status of most rows. So jobs are read from the newest on, until there are enough.
export const byStatusStatement = typedStatement(
  "operator-by-status",
  (builder, { status, from, to }: Period & { status: JobStatus }) =>
    conversations(builder)
      .innerJoin("jobs", "jobs.conversation_id", "conversations.id")
      .select(["jobs.id as jobId", "status as jobStatus", "error_code as errorCode"])
      .where("status", "=", status)
      .where("jobs.created_at", ">=", from ?? new Date(0))
      .where("jobs.created_at", "<", to ?? builder.sql<Date>`'infinity'`)
      .orderBy("jobs.created_at", "desc")
      .limit(foundLimit),
);

export const byIdStatement = typedStatement("operator-by-id", (builder, id: string) =>
  conversationsWithNewestJob(builder).where("conversations.id", "in", (eb) =>
    eb
      .selectFrom("conversations")
      .select("id")
      .where("id", "=", id)
      .unionAll(eb.selectFrom("jobs").select("conversation_id as id").where("id", "=", id))
      .unionAll(eb.selectFrom("messages").select("conversation_id as id").where("id", "=", id)),
  ),
);

/**
 * Reads the newest conversations of a period, at most {@link foundLimit}; with a status, one entry for each job that
 * has it.
 */
export async function searchConversations(pool: Pool, { status, ...period }: Search): Promise<FoundConversation[]> {
  if (status === undefined) return queryTyped(pool, newestStatement, period);
  return queryTyped(pool, byStatusStatement, { status, ...period });
}

/** Finds the conversation with this id, or the one that has a job or message with it. */
export async function findConversation(pool: Pool, id: string): Promise<FoundConversation | undefined> {
  const [found] = await queryTyped(pool, byIdStatement, id);
  return found;
}
