import type { Pool } from "pg";

const turns = 5;

/**
 * Fills an empty database with conversations of five answered turns each, as months of use leave them behind; of every
 * thousandth the last turn waits for a worker, and of every two-thousandth it is being answered.
 */
export async function fillDatabase(pool: Pool, conversations: number): Promise<void> {
  const client = await pool.connect();
  try {
    for (const statement of statements(conversations)) {
      // Longer than a statement of the product may take.
      await client.query({ text: statement, query_timeout: 600_000 } as { text: string });
    }
  } finally {
    client.release();
  }
}

/** A row's id, made from an expression, so that other tables know it. */
function id(kind: string, of: string): string {
  return `md5('${kind}' || ${of})::uuid`;
}

function statements(conversations: number): string[] {
  const at = `now() - make_interval(secs => (${conversations} - c) * 60.0 - t)`;
  const grid = `generate_series(1, ${conversations}) c, generate_series(1, ${turns}) t`;
  const status = `case when t = ${turns} and c % 1000 = 0 then 'queued'
                       when t = ${turns} and c % 2000 = 1 then 'active' else 'completed' end`;
  return [
    `insert into conversations (id, assistant_type, next_turn, message_count, created_at, updated_at)
     select ${id("c", "c")}, 'default', ${turns + 1}, ${2 * turns}, now() - make_interval(secs => (${conversations} - c) * 60.0),
            now() - make_interval(secs => (${conversations} - c) * 60.0)
     from generate_series(1, ${conversations}) c`,
    `insert into messages (id, conversation_id, turn, sender, text, created_at)
     select ${id("m", "s || c || '-' || t")}, ${id("c", "c")}, t, s, repeat('what a visitor says ', 10), ${at}
     from ${grid}, unnest(array['user', 'ai']) s where s = 'user' or (${status}) = 'completed'`,
    `insert into jobs (id, conversation_id, message_id, turn, status, run, attempt, assistant_type, provider, model,
                       reply_id, reply_attempt, idempotency_hash, lease_until, due_at, created_at, started_at, finished_at)
     select ${id("j", "c || '-' || t")}, ${id("c", "c")}, ${id("m", "'user' || c || '-' || t")}, t, status,
            run, run, 'default', 'preset', 'presets', ${id("m", "'ai' || c || '-' || t")}, run,
            sha256(('k' || c || '-' || t)::bytea), case when status = 'active' then now() + interval '15 s' end,
            case when status = 'queued' then ${at} + interval '15 s' end, ${at}, ${at},
            case when status = 'completed' then ${at} end
     from (select c, t, ${status} as status, (not (t = ${turns} and c % 1000 = 0))::int as run from ${grid}) turn`,
    `insert into calls (id, job_id, attempt, assistant_type, provider, model, begun_at, settled_at, outcome, output_tokens)
     select ${id("a", "c || '-' || t")}, ${id("j", "c || '-' || t")}, 1, 'default', 'openai', 'a-model', ${at}, ${at},
            'answered', 50
     from ${grid}`,
    `insert into runs (job_id, run, attempt, worker, claimed_at, ended_at, outcome)
     select ${id("j", "c || '-' || t")}, 1, 1, 'a worker', ${at}, ${at}, 'completed' from ${grid}`,
    `update conversations set open_jobs = array[jobs.id] from jobs
     where jobs.conversation_id = conversations.id and jobs.status in ('queued', 'active')`,
    `vacuum analyze`,
  ];
}
