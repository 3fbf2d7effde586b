import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

export const dueHandoffsStatement: Statement<Columns<"conversations", "id">> = {
  name: "due-handoffs",
  text: "select id from conversations where handoff_due is not null and deleted_at is null limit 100",
};

/** Reads conversations that a rule hands to a person, and that nobody has handed over yet. */
export async function readDueHandoffs(pool: Pool): Promise<string[]> {
  return (await query(pool, dueHandoffsStatement, [])).map(({ id }) => id);
}
