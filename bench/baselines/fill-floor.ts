import pg from "pg";

/**
 * Inserts conversations into the floor's table.
 * @returns their ids
 */
export async function fillFloorTable(
  databaseUrl: string,
  { messages, count }: { messages: number; count: number },
): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ id: string }>(
    `with made as materialized (select gen_random_uuid() as id from generate_series(1, $1::int)),
     message as (
       insert into messages (id, conversation_id, role, content)
       select gen_random_uuid(), id, 'user', repeat('Thank you for your message! ', 9)
       from made, generate_series(1, $2::int)
     )
     select id from made`,
    [count, messages],
  );
  await client.end();
  return rows.map(({ id }) => id);
}
