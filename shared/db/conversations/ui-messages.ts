import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

// Messages as front ends of other protocols know them: a visitor's by an id of theirs, a reply by its first job.

/** The newest message that was sent under a client's id, and its job. */
export interface ClientMessage extends Columns<"jobs", "status"> {
  messageId: string;
  text: string;
  jobId: string;
}

export const clientMessageStatement: Statement<ClientMessage> = {
  name: "client-message",
  // An edited or repeated message has the id of the one before it. Histories of this service name messages by our own ids.
  text: `
    select messages.id as "messageId", text, jobs.id as "jobId", jobs.status
    from messages join jobs on jobs.conversation_id = messages.conversation_id and jobs.turn = messages.turn
    where messages.conversation_id = $1 and sender = 'user' and (client_id = $2 or messages.id = $3)
    order by messages.turn desc limit 1`,
};

/** @param ownId the client's id, if it has the form of ours */
export async function readClientMessage(
  pool: Pool,
  { conversationId, clientId, ownId }: { conversationId: string; clientId: string; ownId: string | null },
): Promise<ClientMessage | undefined> {
  const [row] = await query(pool, clientMessageStatement, [conversationId, clientId, ownId]);
  return row;
}

/** A job whose reply is part of a message, and the action that its own message answered. */
export type MessageStep = Columns<"jobs", "id" | "action_id">;

export const messageStepsStatement: Statement<MessageStep> = {
  name: "message-steps",
  text: `
    with recursive earlier as (
      select id, action_id, 0 as distance from jobs where id = $1
      union all
      select jobs.id, jobs.action_id, distance + 1 from earlier
      join actions on actions.id = earlier.action_id join jobs on jobs.id = actions.job_id
    ), step as (
      select * from (select id, action_id from earlier order by distance desc limit 1) as first
      union all
      select jobs.id, jobs.action_id from step
      join actions on actions.job_id = step.id join jobs on jobs.id = actions.answer_id
    )
    select id, jobs.action_id as "actionId" from step join jobs using (id) order by turn`,
};

/**
 * Reads the jobs whose replies are one message for a front end that goes on in a message when its visitor has confirmed
 * an action: the first, then those of the answers to what it and they proposed.
 */
export async function readMessageSteps(pool: Pool, jobId: string): Promise<MessageStep[]> {
  return query(pool, messageStepsStatement, [jobId]);
}
