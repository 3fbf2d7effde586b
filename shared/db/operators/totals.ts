import type { Pool } from "pg";

export interface Totals {
  totalConversations: number;
  totalMessages: number;
  /** Conversations with a message or a reply within the last 15 minutes. */
  activeConversations: number;
}

/** Above this a table's rows are estimated from the planner's statistics: counting them would take seconds. */
const countedUpTo = 1_000_000;

export async function readTotals(pool: Pool): Promise<Totals> {
  const [totalConversations, totalMessages, active] = await Promise.all([
    countRows(pool, "conversations"),
    countRows(pool, "messages"),
    pool.query<{ count: number }>(
      "select count(*)::int as count from conversations where updated_at > now() - interval '15 min' and deleted_at is null",
    ),
  ]);
  return { totalConversations, totalMessages, activeConversations: active.rows[0]?.count ?? 0 };
}

async function countRows(pool: Pool, table: "conversations" | "messages"): Promise<number> {
  const estimate = await pool.query<{ estimate: number }>(
    "select reltuples::float8 as estimate from pg_class where oid = $1::regclass",
    [table],
  );
  const estimated = Math.round(estimate.rows[0]?.estimate ?? 0);
  if (estimated > countedUpTo) return estimated;
  const alive = table === "conversations" ? "where deleted_at is null" : "";
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count from (select from ${table} ${alive} limit ${countedUpTo}) as counted`,
  );
  return rows[0]?.count ?? 0;
}
