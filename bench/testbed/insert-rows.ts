import type pg from "pg";

/** Inserts conversations whose only message is unanswered and already due. */
const waitingStatement = `
  with made as (
    select gen_random_uuid() as conversation_id, uuidv7() as job_id, uuidv7() as message_id from generate_series(1, $1)
  ), conversation as (
    insert into conversations (id, assistant_type, metadata, next_turn, open_jobs, message_count)
    select conversation_id, 'default', '{}', 2, array[job_id], 1 from made
  ), message as (
    insert into messages (id, conversation_id, turn, sender, text)
    select message_id, conversation_id, 1, 'user', $2 from made
  )
  insert into jobs (id, conversation_id, message_id, turn, assistant_type, due_at)
  select job_id, conversation_id, message_id, 1, 'default', now() + interval '15 s' from made
  returning id, conversation_id as "conversationId"`;

/** @returns the jobs, which are missing in the queue */
export async function insertWaiting(pool: pg.Pool, count: number): Promise<{ id: string; conversationId: string }[]> {
  const values = [count, "Hello there, where is my order?"];
  return (await pool.query<{ id: string; conversationId: string }>(waitingStatement, values)).rows;
}

const usualReply = "Thank you for your message! I had a look, and everything is fine with your order. ".repeat(3);

/**
 * Inserts answered conversations, with all the rows that an answer leaves.
 * @param turns of each conversation; a turn is two messages
 * @returns the ids of up to `wanted` of them, spread over all
 */
export async function insertAnswered(
  pool: pg.Pool,
  { conversations, turns, wanted }: { conversations: number; turns: number; wanted: number },
): Promise<string[]> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("set local synchronous_commit = off");
    // The references are correct by construction. Checking them for millions of rows would take longer than all else.
    await client.query("set local session_replication_role = replica");
    await client.query(
      `create temporary table made on commit drop as
       select gen_random_uuid() as conversation_id, place from generate_series(1, $1::int) as place`,
      [conversations],
    );
    await client.query(
      `create temporary table answered on commit drop as
       select conversation_id, turn, uuidv7() as job_id, uuidv7() as message_id, uuidv7() as reply_id
       from made, generate_series(1, $1::int) as turn`,
      [turns],
    );
    await client.query(
      `insert into conversations (id, assistant_type, metadata, next_turn, message_count)
       select conversation_id, 'default', '{}', $1::int + 1, 2 * $1::int from made`,
      [turns],
    );
    for (const statement of answeredStatements) await client.query(statement.text, statement.values);
    const { rows } = await client.query<{ id: string }>(
      `select conversation_id as id from made where place % greatest(1, $1::int / $2::int) = 0 limit $2`,
      [conversations, wanted],
    );
    await client.query("commit");
    return rows.map(({ id }) => id);
  } finally {
    client.release(true);
  }
}

const answeredStatements = [
  {
    text: `
      insert into messages (id, conversation_id, turn, sender, text)
      select message_id, conversation_id, turn, 'user', 'Hello there, where is my order?' from answered
      union all
      select reply_id, conversation_id, turn, 'ai', $1 from answered`,
    values: [usualReply],
  },
  {
    text: `
      insert into jobs (id, conversation_id, message_id, turn, status, run, attempt, assistant_type, provider, model,
                        reply_id, reply_attempt, input_tokens, output_tokens, started_at, finished_at)
      select job_id, conversation_id, message_id, turn, 'completed', 1, 1, 'default', 'compatible', 'default',
             reply_id, 1, 10, 50, now(), now() from answered`,
    values: [],
  },
  {
    text: `
      insert into runs (job_id, run, attempt, worker, ended_at, outcome)
      select job_id, 1, 1, 'bench:1', now(), 'completed' from answered`,
    values: [],
  },
  {
    text: `
      insert into calls (id, job_id, attempt, assistant_type, provider, model, input_tokens, output_tokens, estimated,
                         settled_at, outcome)
      select uuidv7(), job_id, 1, 'default', 'compatible', 'default', 10, 50, false, now(), 'answered' from answered`,
    values: [],
  },
];
