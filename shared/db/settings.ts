import type { Pool } from "pg";
import type { Statement } from "../postgres/statement.ts";
import { query } from "./database.ts";
import type { Columns } from "./schema/tables.ts";

type Setting = Columns<"settings", "value">;

export const readSettingStatement: Statement<Setting> = {
  name: "read-setting",
  text: "select value from settings where key = $1",
};

export const makeSettingStatement: Statement<Setting> = {
  name: "make-setting",
  // The no-op update makes the winning row visible to RETURNING.
  text: `
    insert into settings values ($1, $2) on conflict (key) do update set value = settings.value returning value`,
};

/**
 * Reads a value that all processes share. The first process makes it; it is then kept.
 * @param make called when there may be none yet; its value is dropped if another process was faster
 */
export async function readOrMakeSetting(pool: Pool, key: string, make: () => string): Promise<string> {
  const [found] = await query(pool, readSettingStatement, [key]);
  if (found) return found.value;
  const [made] = await query(pool, makeSettingStatement, [key, make()]);
  if (!made) throw new Error(`the setting ${key} was neither found nor made`);
  return made.value;
}

export const addSettingStatement: Statement<Setting> = {
  name: "add-setting",
  text: "insert into settings values ($1, $2) on conflict (key) do nothing returning value",
};

export const changeSettingStatement: Statement<Setting> = {
  name: "change-setting",
  text: "update settings set value = $2 where key = $1 and value = $3 returning value",
};

/**
 * Replaces a value that all processes share. Safe against concurrent calls.
 * @returns the previous value; `undefined` if there was none
 */
export async function replaceSetting(pool: Pool, key: string, value: string): Promise<string | undefined> {
  const added = await query(pool, addSettingStatement, [key, value]);
  if (added.length === 1) return undefined;
  for (;;) {
    const [found] = await query(pool, readSettingStatement, [key]);
    if (!found) return replaceSetting(pool, key, value);
    const won = await query(pool, changeSettingStatement, [key, value, found.value]);
    if (won.length === 1) return found.value;
  }
}
