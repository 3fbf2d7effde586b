import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import type { OperatorRole } from "../../protocol/operator.ts";
import { query } from "../database.ts";
import { type AdminChange, type AdminOutcome, isLastAdmin, lockedAdmins, toAdminOutcome } from "./last-admin.ts";

export const changeRoleStatement: Statement<AdminChange> = {
  name: "change-operator-role",
  text: `
    with ${lockedAdmins}, changed as (
      update operators set role = $3, updated_at = now()
      where id = $1 and site_id = $2 and left_at is null and ($3 = 'admin' or not ${isLastAdmin})
      returning id
    )
    select exists (select from changed) as done, ${isLastAdmin} as "isLast"
    from operators where id = $1 and site_id = $2 and left_at is null`,
};

/**
 * Gives an operator another role, unless nobody who can sign in would be an admin. Sessions and keys have it within a
 * second. Conversations of one who is a reader now go back to the queue by `returnConversations`.
 */
export async function storeRole(
  pool: Pool,
  { siteId, operatorId, role }: { siteId: string; operatorId: string; role: OperatorRole },
): Promise<AdminOutcome> {
  const [row] = await query(pool, changeRoleStatement, [operatorId, siteId, role]);
  return toAdminOutcome(row);
}
