import type { Pool } from "pg";
import { query } from "./database.ts";
import type { Statement } from "../postgres/statement.ts";

export const probeStatement: Statement = {
  name: "probe-writes",
  text: `insert into settings values ('write-probe', now()::text)
         on conflict (key) do update set value = excluded.value`,
};

/**
 * Writes one small row, always the same: a server that is read-only or whose disk is full still answers reads.
 * @throws the server's refusal; the pool discards that connection, so that the next one sees a changed default
 */
export async function probeDatabaseWrites(pool: Pool): Promise<void> {
  await query(pool, probeStatement, []);
}
