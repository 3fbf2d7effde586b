import type { ExpressionBuilder } from "kysely";
import type { Pool } from "pg";
import type { Tables } from "../schema/tables.ts";
import type { StatementBuilder } from "../statement-builder.ts";
import { queryTyped, type RowOf, typedStatement } from "../typed-statement.ts";

/** Turns shown. An operator reads the newest turns of a conversation first. */
export const turnsShown = 100;

/** A job with everything stored about it. Times are Unix milliseconds. */
export type JobRecord = RowOf<typeof operatorJobsStatement>;

export const operatorJobsStatement = typedStatement("operator-jobs", (builder, conversationId: string) =>
  builder.db
    .selectFrom("jobs")
    .select(["id", "turn", "status", "attempt", "deaths"])
    .select([
      "assistant_type as assistantType",
      "request_id as requestId",
      "error_code as errorCode",
      "provider",
      "handled_by as handledBy",
    ])
    .select((eb) => [
      builder.millis(eb.ref("created_at")).as("createdAt"),
      builder.millis(eb.ref("started_at")).as("startedAt"),
      builder.millis(eb.ref("finished_at")).as("finishedAt"),
      runsOf(builder, eb).as("runs"),
      callsOf(builder, eb).as("calls"),
      actionsOf(builder, eb).as("actions"),
    ])
    .where("conversation_id", "=", conversationId)
    .orderBy("turn", "desc")
    .limit(turnsShown),
);

function runsOf({ millis, jsonArrayFrom, sql }: StatementBuilder, jobs: ExpressionBuilder<Tables, "jobs">) {
  return jsonArrayFrom(
    jobs
      .selectFrom("runs")
      .select([
        "runs.run",
        "runs.attempt",
        "worker",
        "outcome",
        "skipped_calls as skippedCalls",
        "tool_calls as toolCalls",
      ])
      .select((eb) => [
        millis(eb.ref("claimed_at")).as("claimedAt"),
        sql<number | null>`${millis(eb.ref("claimed_at"))} + ${eb.ref("first_delta_ms")}`.as("firstDeltaAt"),
        millis(eb.ref("ended_at")).as("endedAt"),
      ])
      .whereRef("job_id", "=", "jobs.id")
      .orderBy("runs.run"),
  );
}

function callsOf({ millis, jsonArrayFrom }: StatementBuilder, jobs: ExpressionBuilder<Tables, "jobs">) {
  return jsonArrayFrom(
    jobs
      .selectFrom("calls")
      .select(["calls.provider", "calls.model", "calls.attempt", "outcome", "calls.cost_usd as costUsd"])
      .select(["calls.input_tokens as inputTokens", "calls.output_tokens as outputTokens"])
      .select(["calls.error_code as errorCode", "error_status as errorStatus", "error_detail as errorDetail"])
      .select((eb) => [millis(eb.ref("begun_at")).as("begunAt"), millis(eb.ref("settled_at")).as("settledAt")])
      .whereRef("job_id", "=", "jobs.id")
      .orderBy("begun_at"),
  );
}

/** Actions that a job has proposed, and those that it has answered or carried out. */
function actionsOf({ millis, jsonArrayFrom }: StatementBuilder, jobs: ExpressionBuilder<Tables, "jobs">) {
  return jsonArrayFrom(
    jobs
      .selectFrom("actions")
      .select(["actions.id", "actions.tool", "actions.arguments", "state"])
      .select(["actions.job_id as proposedBy", "actions.answer_id as answeredBy"])
      .select((eb) => [
        millis(eb.ref("proposed_at")).as("proposedAt"),
        millis(eb.ref("answered_at")).as("answeredAt"),
        millis(eb.ref("sent_at")).as("sentAt"),
        millis(eb.ref("ended_at")).as("endedAt"),
      ])
      .whereRef("actions.conversation_id", "=", "jobs.conversation_id")
      .where((eb) =>
        eb.or([eb("actions.job_id", "=", eb.ref("jobs.id")), eb("actions.answer_id", "=", eb.ref("jobs.id"))]),
      )
      .orderBy("proposed_at")
      .orderBy("actions.no"),
  );
}

/** A message with everything stored about it. */
export type MessageRecord = RowOf<typeof operatorMessagesStatement>;

export const operatorMessagesStatement = typedStatement("operator-messages", ({ db, millis }, conversationId: string) =>
  db
    .selectFrom("messages")
    .leftJoin("feedback", "feedback.message_id", "messages.id")
    .select(["id", "turn", "sender", "text", "imported", "fallback", "finish_reason as finishReason", "replaces"])
    .select(["rating", "reason", "comment"])
    .select((eb) => millis(eb.ref("created_at")).as("createdAt"))
    .where("conversation_id", "=", conversationId)
    .orderBy("turn", "desc")
    .orderBy("sender")
    .limit(2 * turnsShown),
);

/** Reads the newest {@link turnsShown} turns of a conversation, newest first: its jobs and its messages. */
export async function readTurns(
  pool: Pool,
  conversationId: string,
): Promise<{ jobs: JobRecord[]; messages: MessageRecord[] }> {
  const [jobs, messages] = await Promise.all([
    queryTyped(pool, operatorJobsStatement, conversationId),
    queryTyped(pool, operatorMessagesStatement, conversationId),
  ]);
  return { jobs, messages };
}
