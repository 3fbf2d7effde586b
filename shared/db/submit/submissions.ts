import type { Pool } from "pg";
import type { HandledBy } from "../../protocol/handling.ts";
import { keyLifeHours } from "../../tunables.ts";
import { type OperatorName, operatorOf } from "../conversations/conversations.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import type { Statement } from "../../postgres/statement.ts";

/** `requestHash` is null once the conversation was deleted. */
export interface EarlierSubmission extends Columns<
  "jobs",
  "conversation_id" | "message_id" | "status" | "request_hash"
> {
  jobId: string;
  deleted: boolean;
  /** `seq` of the conversation's newest event. */
  eventSeq: number;
  /** Side that answered when the job ended without the AI, else the side that answers now. */
  handledBy: HandledBy;
  operator: OperatorName | null;
  /** True if accepted more than `keyLifeHours` ago. */
  stale: boolean;
}

export const findByKeyStatement: Statement<EarlierSubmission> = {
  name: "find-by-idempotency-key",
  text: `
    select jobs.id as "jobId", conversation_id as "conversationId", message_id as "messageId", status,
           request_hash as "requestHash", conversations.deleted_at is not null as deleted, event_seq as "eventSeq",
           coalesce(jobs.handled_by, conversations.handled_by) as "handledBy", ${operatorOf("conversations.operator_id")} as operator,
           jobs.created_at < now() - interval '${keyLifeHours} h' as stale
    from jobs join conversations on conversations.id = jobs.conversation_id
    where idempotency_hash = $1`,
};

export async function findByIdempotencyHash(pool: Pool, hash: Buffer): Promise<EarlierSubmission | undefined> {
  const [row] = await query(pool, findByKeyStatement, [hash]);
  return row;
}

export const forgetKeyStatement: Statement = {
  name: "forget-idempotency-key",
  text: `update jobs set idempotency_hash = null where id = $1`,
};

/** Frees an expired key. */
export async function forgetIdempotencyKey(pool: Pool, jobId: string): Promise<void> {
  await query(pool, forgetKeyStatement, [jobId]);
}
