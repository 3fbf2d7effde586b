import type { ExpressionBuilder } from "kysely";
import type { Pool } from "pg";
import type { OperatorView } from "../../protocol/handling.ts";
import type { StretchRating } from "../../protocol/people/stretch-rating.ts";
import type { ReplySourceView } from "../../protocol/knowledge/reply-source.ts";
import { sourcesOfReply } from "../replies/citations.ts";
import type { ExportedConversation, ExportedJob, ExportedMessage } from "../../protocol/export.ts";
import type { Tables } from "../schema/tables.ts";
import type { StatementBuilder } from "../statement-builder.ts";
import { queryTyped, typedStatement } from "../typed-statement.ts";

export const exportConversationStatement = typedStatement("export-conversation", (builder, conversationId: string) =>
  builder.db
    .selectFrom("conversations")
    .select(["id", "assistant_type as assistantType", "provider", "metadata"])
    .select((eb) => [
      eb("visitor_hash", "is not", null).$castTo<boolean>().as("verifiedVisitor"),
      eb
        .case()
        .when("thread_id", "is not", null)
        .then(
          builder.sql<ExportedConversation["thread"]>`json_build_object(
            'provider', ${eb.ref("thread_provider")}, 'id', ${eb.ref("thread_id")}, 'adopted', ${eb.ref("thread_adopted")})`,
        )
        .end()
        .as("thread"),
      "handled_by as handledBy",
      "handoff_email as email",
      "message_count as messageCount",
      ratingsOf(builder, eb).as("stretchRatings"),
      actionsOf(builder, eb).as("actions"),
      builder.iso(eb.ref("created_at")).as("createdAt"),
      builder.iso(eb.ref("updated_at")).as("updatedAt"),
      eb("next_turn", "-", 1).as("lastTurn"),
    ])
    .where("id", "=", conversationId)
    .where("deleted_at", "is", null),
);

function ratingsOf(builder: StatementBuilder, conversations: ExpressionBuilder<Tables, "conversations">) {
  return builder.jsonArrayFrom(
    conversations
      .selectFrom("stretches")
      .select((eb) => [
        "no as stretch",
        "rating",
        "comment",
        builder.iso(eb.ref("rated_at")).as("ratedAt"),
        eb
          .selectFrom("operators")
          .select(viewOfOperator(builder))
          .whereRef("operators.id", "=", "stretches.operator_id")
          .as("operator"),
      ])
      .$narrowType<{ rating: StretchRating; ratedAt: string }>()
      .whereRef("conversation_id", "=", "conversations.id")
      .where("rating", "is not", null)
      .orderBy("no"),
  );
}

function actionsOf(
  { iso, jsonArrayFrom }: StatementBuilder,
  conversations: ExpressionBuilder<Tables, "conversations">,
) {
  return jsonArrayFrom(
    conversations
      .selectFrom("actions")
      .select(["actions.id", "tool", "arguments", "title", "lines", "state", "result"])
      .select((eb) => [
        iso(eb.ref("proposed_at")).as("proposedAt"),
        iso(eb.ref("answered_at")).as("answeredAt"),
        iso(eb.ref("sent_at")).as("sentAt"),
        iso(eb.ref("ended_at")).as("endedAt"),
      ])
      .whereRef("conversation_id", "=", "conversations.id")
      .orderBy("proposed_at")
      .orderBy("no"),
  );
}

/** @returns `undefined`: there is none, or it was deleted */
export async function readConversationToExport(
  pool: Pool,
  conversationId: string,
): Promise<{ conversation: ExportedConversation; lastTurn: number } | undefined> {
  const [row] = await queryTyped(pool, exportConversationStatement, conversationId);
  if (!row) return undefined;
  const { lastTurn, ...conversation } = row;
  return { conversation, lastTurn };
}

/** A range of turns in a conversation: after one, up to another. */
export interface TurnRange {
  conversationId: string;
  after: number;
  upTo: number;
}

export const exportMessagesStatement = typedStatement("export-messages", (builder, range: TurnRange) =>
  builder.db
    .selectFrom("messages")
    .select(["id", "turn", "sender", "text", "imported", "fallback", "finish_reason as finishReason", "replaces"])
    .select((eb) => [
      builder.iso(eb.ref("created_at")).as("createdAt"),
      feedbackOn(builder, eb).as("feedback"),
      authorOf(builder, eb).as("operator"),
      builder.sql.raw<ReplySourceView[] | null>(sourcesOfReply("messages.id", "sender")).as("sources"),
    ])
    .where("conversation_id", "=", range.conversationId)
    .where("turn", ">", range.after)
    .where("turn", "<=", range.upTo)
    .orderBy("turn")
    .orderBy("sender", "desc"),
);

function feedbackOn({ iso, jsonObjectFrom }: StatementBuilder, messages: ExpressionBuilder<Tables, "messages">) {
  return jsonObjectFrom(
    messages
      .selectFrom("feedback")
      .select((eb) => ["rating", "reason", "comment", iso(eb.ref("rated_at")).as("ratedAt")])
      .whereRef("message_id", "=", "messages.id"),
  );
}

function authorOf(builder: StatementBuilder, messages: ExpressionBuilder<Tables, "messages">) {
  return messages
    .selectFrom("operators")
    .select(viewOfOperator(builder))
    .whereRef("operators.id", "=", "messages.operator_id");
}

function viewOfOperator({ sql }: StatementBuilder) {
  const view = sql<OperatorView>`json_build_object('name', operators.name, 'avatarUrl', operators.avatar_url)`;
  return sql<OperatorView>`json_strip_nulls(${view})`.as("view");
}

/** Reads the messages of a range of turns, in order. */
export async function readMessagesToExport(pool: Pool, range: TurnRange): Promise<ExportedMessage[]> {
  return queryTyped(pool, exportMessagesStatement, range);
}

export const exportJobsStatement = typedStatement("export-jobs", (builder, range: TurnRange) =>
  builder.db
    .selectFrom("jobs")
    .select(["id", "turn", "message_id as messageId", "reply_id as replyId", "status", "attempt"])
    .select(["assistant_type as assistantType", "provider_override as providerAsked", "provider", "model"])
    .select(["error_code as error", "input_tokens as inputTokens", "output_tokens as outputTokens"])
    .select(["cost_usd as costUsd", "request_id as requestId", "handled_by as handledBy"])
    .select((eb) => [
      builder.iso(eb.ref("created_at")).as("createdAt"),
      builder.iso(eb.ref("started_at")).as("startedAt"),
      builder.iso(eb.ref("finished_at")).as("finishedAt"),
      runsOf(builder, eb).as("runs"),
      callsOf(builder, eb).as("calls"),
    ])
    .where("conversation_id", "=", range.conversationId)
    .where("turn", ">", range.after)
    .where("turn", "<=", range.upTo)
    .orderBy("turn")
    .orderBy("jobs.created_at"),
);

/** The worker's host is left out: visitors do not need it. */
function runsOf({ iso, jsonArrayFrom }: StatementBuilder, jobs: ExpressionBuilder<Tables, "jobs">) {
  return jsonArrayFrom(
    jobs
      .selectFrom("runs")
      .select((eb) => [
        iso(eb.ref("claimed_at")).as("claimedAt"),
        "first_delta_ms as firstDeltaMs",
        iso(eb.ref("ended_at")).as("endedAt"),
        "outcome",
      ])
      .whereRef("job_id", "=", "jobs.id")
      .orderBy("runs.run"),
  );
}

function callsOf({ iso, jsonArrayFrom }: StatementBuilder, jobs: ExpressionBuilder<Tables, "jobs">) {
  return jsonArrayFrom(
    jobs
      .selectFrom("calls")
      .select((eb) => [
        "calls.provider",
        "calls.model",
        iso(eb.ref("begun_at")).as("begunAt"),
        iso(eb.ref("settled_at")).as("settledAt"),
        "outcome",
        "calls.input_tokens as inputTokens",
        "cached_input_tokens as cachedInputTokens",
        "cache_write_tokens as cacheWriteTokens",
        "calls.output_tokens as outputTokens",
        "estimated",
        "calls.cost_usd as costUsd",
      ])
      .whereRef("job_id", "=", "jobs.id")
      .orderBy("begun_at"),
  );
}

/** Reads the jobs of a range of turns, in order, with the work of workers and providers on them. */
export async function readJobsToExport(pool: Pool, range: TurnRange): Promise<ExportedJob[]> {
  return queryTyped(pool, exportJobsStatement, range);
}
