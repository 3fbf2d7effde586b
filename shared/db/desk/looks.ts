import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { interval, lookMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

export interface LookRow {
  /** Colleagues who look at the conversation now, by name. */
  others: Columns<"operators", "id" | "name">[];
}

export const noteLookStatement: Statement<LookRow> = {
  name: "note-look",
  text: `
    with conversation as materialized (
      select id from conversations where id = $1 and site_id = $2 and deleted_at is null
    ), own as (
      insert into conversation_looks (conversation_id, operator_id, looks_until)
      select id, $3, case when $4::boolean then now() + ${interval(lookMs)} end from conversation
      on conflict (conversation_id, operator_id) do update set looks_until = excluded.looks_until
    )
    select coalesce((
      select json_agg(json_build_object('id', operators.id, 'name', name) order by name)
      from conversation_looks join operators on operators.id = conversation_looks.operator_id
      where conversation_id = conversation.id and operators.id <> $3 and looks_until > now() and left_at is null
    ), '[]') as others
    from conversation`,
};

interface Look {
  siteId: string;
  conversationId: string;
  operatorId: string;
  /** False: they look no more. */
  looks: boolean;
}

/**
 * Notes that an operator looks at a conversation, for a while.
 * @returns `undefined` if there is no such conversation
 */
export async function noteLook(
  pool: Pool,
  { siteId, conversationId, operatorId, looks }: Look,
): Promise<LookRow | undefined> {
  const [row] = await query(pool, noteLookStatement, [conversationId, siteId, operatorId, looks]);
  return row;
}
