import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import { type AdminChange, type AdminOutcome, isLastAdmin, lockedAdmins, toAdminOutcome } from "./last-admin.ts";

export const removeOperatorStatement: Statement<AdminChange> = {
  name: "remove-operator",
  // The row stays: its name stands beside messages and notes. The address is free for another account.
  text: `
    with ${lockedAdmins}, leaver as (
      update operators
      set left_at = now(), email = null, email_verified = false, two_factor_enabled = false, present_until = null,
          updated_at = now()
      where id = $1 and site_id = $2 and left_at is null and not ${isLastAdmin} returning id
    ), sessions as (
      delete from operator_sessions using leaver where operator_id = leaver.id
    ), credentials as (
      delete from operator_credentials using leaver where operator_id = leaver.id
    ), factors as (
      delete from operator_two_factors using leaver where operator_id = leaver.id
    ), links as (
      delete from operator_links using leaver where operator_id = leaver.id and used_at is null
    ), keys as (
      update operator_keys set revoked_at = now() from leaver where operator_id = leaver.id and revoked_at is null
    )
    select exists (select from leaver) as done, ${isLastAdmin} as "isLast"
    from operators where id = $1 and site_id = $2 and left_at is null`,
};

/**
 * Ends an operator's sessions, keys and account, unless nobody who can sign in would be an admin. Conversations that
 * they have go back to the queue by `returnConversations`.
 */
export async function storeDeparture(pool: Pool, siteId: string, operatorId: string): Promise<AdminOutcome> {
  const [row] = await query(pool, removeOperatorStatement, [operatorId, siteId]);
  return toAdminOutcome(row);
}

/** A conversation whose operator has left, or is a reader now. */
export interface LeftConversation {
  conversationId: string;
  operatorId: string;
}

export const leftConversationsStatement: Statement<LeftConversation> = {
  name: "left-conversations",
  text: `
    select conversations.id as "conversationId", operators.id as "operatorId"
    from operators join conversations on conversations.operator_id = operators.id
    where (left_at is not null or role = 'reader') and handled_by = 'operator' and deleted_at is null limit 100`,
};

export async function readLeftConversations(pool: Pool): Promise<LeftConversation[]> {
  return query(pool, leftConversationsStatement, []);
}
