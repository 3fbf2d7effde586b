import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import type { ProposedAction } from "./proposals.ts";
import { type ActionToRun, actionToRun } from "./send.ts";

/** The `no` of a job's first action that nobody was asked about: those that its end proposes come before. */
const firstNo = 101;

export const sendUnaskedStatement: Statement<Columns<"actions", "id">> = {
  name: "send-unasked-action",
  // The job's row is locked: a claim, a cancel and a take-over come before this, and nothing is sent, or after it. The same
  // call of a model is sent once for a job, whatever run it is. Repeated under its token, the statement finds its own row.
  text: `
    with held as materialized (
      select id, conversation_id from jobs where id = $1 and run = $2 and status = 'active' for no key update
    )
    insert into actions (id, site_id, conversation_id, job_id, no, tool, version, hash, arguments, title, lines, state,
                         answer_id, expires_at, sent_at, sent_by)
    select $4, $5, conversation_id, held.id,
           coalesce((select max(no) from actions where job_id = held.id and no >= ${firstNo} and id <> $4) + 1, ${firstNo}),
           $6, $7, $8, $9, $10, $11, 'sent', held.id, now(), now(), $3
    from held
    where not exists (select from actions where job_id = held.id and hash = $8 and no >= ${firstNo} and id <> $4)
    on conflict (id) do update set sent_at = actions.sent_at where actions.state = 'sent' and actions.sent_by = excluded.sent_by
    returning id`,
};

/** The run that sends an action without asking. */
export interface UnaskedSender {
  siteId: string;
  jobId: string;
  run: number;
  /** Names this one sending. */
  token: string;
}

/**
 * Notes that an action is about to be sent that needs no confirmation, if its job still belongs to this run. It may be
 * repeated under the same token until it is sent, but not after.
 * @returns false: it must not be sent
 */
export async function storeUnasked(
  pool: Pool,
  { id, tool, version, hash, arguments: given, title, lines }: ProposedAction,
  { siteId, jobId, run, token }: UnaskedSender,
): Promise<boolean> {
  const action = [id, siteId, tool, version, hash, JSON.stringify(given), title, JSON.stringify(lines)];
  return (await query(pool, sendUnaskedStatement, [jobId, run, token, ...action])).length === 1;
}

export const unaskedOfJobStatement: Statement<ActionToRun> = {
  name: "unasked-actions-of-job",
  text: `${actionToRun} where actions.job_id = $1 and answer_id = actions.job_id order by no`,
};

/** Reads what earlier runs of a job have sent without asking, in order. */
export async function readUnasked(pool: Pool, jobId: string): Promise<ActionToRun[]> {
  return query(pool, unaskedOfJobStatement, [jobId]);
}
