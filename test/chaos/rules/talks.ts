import type { Pool } from "pg";
import type { LogRow } from "../people/describe-event.ts";

/** A message as it is stored. */
export interface StoredMessage {
  id: string;
  turn: number;
  sender: "user" | "ai" | "operator";
  text: string;
  finishReason: string | null;
  operatorId: string | null;
}

/** A conversation at the end of a run, and its log. */
export interface Talk {
  id: string;
  deleted: boolean;
  handledBy: string;
  operatorId: string | null;
  eventSeq: number;
  messageCount: number;
  /** Number of the present stretch. */
  stretch: number;
  open: number;
  handoffDue: string | null;
  /** In order. */
  log: LogRow[];
  messages: StoredMessage[];
  stretches: { no: number; handledBy: string; operatorId: string | null; over: boolean }[];
}

type TalkRow = Omit<Talk, "log" | "messages" | "stretches">;

/**
 * Reads the conversations that the log names up to a place, with their whole log: while the soak lasts, those with people that
 * stall move on.
 */
export async function readTalks(pool: Pool, logEnd: number): Promise<Map<string, Talk>> {
  const read = async <Row extends object>(sql: string, values: unknown[]) => (await pool.query<Row>(sql, values)).rows;
  const log = await read<LogRow>(
    `select pos::float8 as pos, conversation_id as "conversationId", seq, kind, message_id as "messageId", job_id as "jobId",
            status, handled_by as "handledBy", operator_id as "operatorId", notice,
            ${millis("at")} as at
     from events where conversation_id in (select conversation_id from events where pos <= $1)
     order by conversation_id, seq`,
    [logEnd],
  );
  const logs = Map.groupBy(log, ({ conversationId }) => conversationId);
  const ids = [[...logs.keys()]];
  const rows = await read<TalkRow>(
    `select id, deleted_at is not null as deleted, handled_by as "handledBy", operator_id as "operatorId", stretch,
            event_seq as "eventSeq", message_count as "messageCount", cardinality(open_jobs) as open,
            handoff_due as "handoffDue" from conversations where id = any($1)`,
    ids,
  );
  const messages = await read<StoredMessage & { conversationId: string }>(
    `select id, conversation_id as "conversationId", turn, sender, text, finish_reason as "finishReason",
            operator_id as "operatorId"
     from messages where conversation_id = any($1) order by turn, sender desc`,
    ids,
  );
  const stretches = await read<Talk["stretches"][number] & { conversationId: string }>(
    `select conversation_id as "conversationId", no, handled_by as "handledBy", operator_id as "operatorId",
            ended_at is not null as over from stretches where conversation_id = any($1) order by no`,
    ids,
  );
  const said = Map.groupBy(messages, ({ conversationId }) => conversationId);
  const had = Map.groupBy(stretches, ({ conversationId }) => conversationId);
  return new Map(
    rows.map((row) => [
      row.id,
      {
        ...row,
        log: logs.get(row.id) ?? [],
        messages: said.get(row.id) ?? [],
        stretches: had.get(row.id) ?? [],
      },
    ]),
  );
}

/** SQL for a time in Unix milliseconds. */
export function millis(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::float8`;
}
