import type { Pool } from "pg";

/**
 * Reads a value that all processes share. The first process makes it; it is then kept.
 * @param make called when there may be none yet; its value is dropped if another process was faster
 */
export async function readOrMakeSetting(pool: Pool, key: string, make: () => string): Promise<string> {
  const { rows } = await pool.query<{ value: string }>("select value from settings where key = $1", [key]);
  if (rows[0]) return rows[0].value;
  // The no-op update makes the winning row visible to RETURNING.
  const made = await pool.query<{ value: string }>(
    "insert into settings values ($1, $2) on conflict (key) do update set value = settings.value returning value",
    [key, make()],
  );
  const [row] = made.rows;
  if (!row) throw new Error(`the setting ${key} was neither found nor made`);
  return row.value;
}

/**
 * Replaces a value that all processes share. Safe against concurrent calls.
 * @returns the previous value; `undefined` if there was none
 */
export async function replaceSetting(pool: Pool, key: string, value: string): Promise<string | undefined> {
  const made = await pool.query("insert into settings values ($1, $2) on conflict (key) do nothing", [key, value]);
  if (made.rowCount === 1) return undefined;
  for (;;) {
    const { rows } = await pool.query<{ value: string }>("select value from settings where key = $1", [key]);
    const [row] = rows;
    if (!row) return replaceSetting(pool, key, value);
    const won = await pool.query("update settings set value = $2 where key = $1 and value = $3", [
      key,
      value,
      row.value,
    ]);
    if (won.rowCount === 1) return row.value;
  }
}
