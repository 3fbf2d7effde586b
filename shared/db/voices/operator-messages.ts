import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { keyLifeHours } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** Message of an operator that was sent under a key before. */
export interface SentBefore extends Columns<"messages", "id" | "request_hash"> {
  eventSeq: number;
}

export const findOperatorMessageStatement: Statement<SentBefore> = {
  name: "find-operator-message",
  text: `
    select messages.id, request_hash as "requestHash", event_seq as "eventSeq"
    from messages join conversations on conversations.id = conversation_id
    where idempotency_hash = $1 and messages.created_at > now() - interval '${keyLifeHours} h'`,
};

export async function findOperatorMessage(pool: Pool, idempotencyHash: Buffer): Promise<SentBefore | undefined> {
  const [row] = await query(pool, findOperatorMessageStatement, [idempotencyHash]);
  return row;
}

export const forgetOperatorKeyStatement: Statement = {
  name: "forget-operator-key",
  text: `
    update messages set idempotency_hash = null
    where idempotency_hash = $1 and created_at <= now() - interval '${keyLifeHours} h'`,
};

/** Frees a key that has expired. */
export async function forgetOperatorKey(pool: Pool, idempotencyHash: Buffer): Promise<void> {
  await query(pool, forgetOperatorKeyStatement, [idempotencyHash]);
}

/** True if the same key arrives twice at once, and the other one was faster. */
export function isOperatorKeyClash(error: unknown): boolean {
  return error instanceof Error && "constraint" in error && error.constraint === "messages_idempotency_hash";
}
