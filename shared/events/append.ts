/** SQL expressions over the rows of `from`, one row per change. */
interface Change {
  /** Rows of conversations whose lock this statement holds. */
  from: string;
  conversation: string;
  site: string;
  /** `seq` of the change's last event. */
  seq: string;
  /** Id of the message that the change brought; null or absent: none. */
  message?: string;
  job: string;
  /** Status of the job after the change. */
  status: string;
  /** Side that answers, where the job ended without the AI; null or absent: the AI. */
  handledBy?: string;
}

/**
 * Writes the events of a change, to stand in the statement that makes it: `message`, then `job`. A change takes one
 * number for each from the conversation's row, whose lock it holds until it commits. So `seq` has no gaps, and a reader
 * that sees one event sees all before it.
 */
export function insertEvents(change: Change): string {
  const { from, conversation, site, seq, message = "null::uuid", job, status, handledBy = "null" } = change;
  // Ids are drawn in the order of the rows, after the lock: the numbering pass relies on it.
  return `insert into events (conversation_id, site_id, seq, kind, message_id, job_id, status, handled_by)
      select ${conversation}, ${site}, ${seq} - later, kind, case kind when 'message' then ${message} end, ${job},
             case kind when 'job' then ${status} end, case kind when 'job' then ${handledBy} end
      from ${from} cross join (values ('message', 1), ('job', 0)) as event(kind, later)
      where kind = 'job' or ${message} is not null order by later desc`;
}
