import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";

export interface Totals {
  totalConversations: number;
  totalMessages: number;
  /** Conversations with a message or a reply within the last 15 minutes. */
  activeConversations: number;
}

/** Above this a table's rows are estimated from the planner's statistics: counting them would take seconds. */
const countedUpTo = 1_000_000;

interface Count {
  count: number;
}

export const activeStatement: Statement<Count> = {
  name: "active-conversations",
  text: `
    select count(*)::int as count from conversations
    where updated_at > now() - interval '15 min' and deleted_at is null`,
};

export const estimateStatement: Statement<{ estimate: number }> = {
  name: "estimate-rows",
  text: "select reltuples::float8 as estimate from pg_class where oid = $1::regclass",
};

const countStatement = (name: string, rows: string): Statement<Count> => ({
  name,
  text: `select count(*)::int as count from (select from ${rows} limit ${countedUpTo}) as counted`,
});
export const countConversationsStatement = countStatement(
  "count-conversations",
  "conversations where deleted_at is null",
);
export const countMessagesStatement = countStatement("count-messages", "messages");

export async function readTotals(pool: Pool): Promise<Totals> {
  const [totalConversations, totalMessages, [active]] = await Promise.all([
    countRows(pool, "conversations", countConversationsStatement),
    countRows(pool, "messages", countMessagesStatement),
    query(pool, activeStatement, []),
  ]);
  return { totalConversations, totalMessages, activeConversations: active?.count ?? 0 };
}

async function countRows(pool: Pool, table: string, statement: Statement<Count>): Promise<number> {
  const [planned] = await query(pool, estimateStatement, [table]);
  const estimated = Math.round(planned?.estimate ?? 0);
  if (estimated > countedUpTo) return estimated;
  const [counted] = await query(pool, statement, []);
  return counted?.count ?? 0;
}
