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
  /**
   * Rows (`id`, `conversation_id`, `place`) of the actions that the change changed; see `actionCount`. With them,
   * `conversation` names its table: they have an `id`, too.
   */
  actions?: string;
}

/** SQL for the number of a change's actions in a conversation: each takes a number of its own. */
export function actionCount(actions: string, conversation: string): string {
  return `(select count(*)::int from ${actions} as changed where changed.conversation_id = ${conversation})`;
}

/**
 * Writes the events of a change, to stand in the statement that makes it: `message`, then `job`, then each `action`. A change takes one
 * number for each from the conversation's row, whose lock it holds until it commits. So `seq` has no gaps, and a reader
 * that sees one event sees all before it.
 */
export function insertEvents(change: Change): string {
  const { actions } = change;
  return actions === undefined ? insertTwo(change) : insertWithActions({ ...change, actions });
}

function insertTwo(change: Change): string {
  const { from, conversation, site, seq, message = "null::uuid", job, status, handledBy = "null" } = change;
  // Ids are drawn in the order of the rows, after the lock: the numbering pass relies on it.
  return `insert into events (conversation_id, site_id, seq, kind, message_id, job_id, status, handled_by)
      select ${conversation}, ${site}, ${seq} - later, kind, case kind when 'message' then ${message} end, ${job},
             case kind when 'job' then ${status} end, case kind when 'job' then ${handledBy} end
      from ${from} cross join (values ('message', 1), ('job', 0)) as event(kind, later)
      where kind = 'job' or ${message} is not null order by later desc`;
}

function insertWithActions(change: Change & { actions: string }): string {
  const { from, conversation, site, seq, message = "null::uuid", job, status, handledBy = "null", actions } = change;
  return `insert into events (conversation_id, site_id, seq, kind, message_id, job_id, status, handled_by, action_id)
      select ${conversation}, ${site}, ${seq} - later, kind, case kind when 'message' then ${message} end, ${job},
             case kind when 'job' then ${status} end, case kind when 'job' then ${handledBy} end, changed_action
      from ${from} cross join lateral (
        select kind, later + ${actionCount(actions, conversation)} as later, null::uuid as changed_action
        from (values ('message', 1), ('job', 0)) as event(kind, later)
        union all
        select 'action', (count(*) over () - row_number() over (order by place))::int, changed.id
        from ${actions} as changed where changed.conversation_id = ${conversation}
      ) as event
      where kind <> 'message' or ${message} is not null order by later desc`;
}
