import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import type { HoursText } from "../../protocol/people/hours.ts";
import { interval, presenceMs } from "../../tunables.ts";
import { query } from "../database.ts";

/** Whether somebody is there, and when that was so. */
export interface Attendance {
  present: boolean;
  /** Unix milliseconds. */
  at: number;
  /** Hours that were set in the console; null: those of the file count. */
  hours: HoursText | null;
}

export const readPresenceStatement: Statement<Attendance> = {
  name: "read-presence",
  text: `
    select exists (select from operators where site_id = $1 and present_until > now() and left_at is null) as present,
           floor(extract(epoch from now()) * 1000)::float8 as at,
           (select hours from site_hours where site_id = $1) as hours`,
};

/** Reads whether an operator of the site is online, the database's time, and the hours that were set in the console. */
export async function readPresence(pool: Pool, siteId: string): Promise<Attendance> {
  const [row] = await query(pool, readPresenceStatement, [siteId]);
  if (!row) throw new Error("the presence was not read");
  return row;
}

export const readOverdueStatement: Statement<{ overdue: boolean }> = {
  name: "read-overdue",
  text: "select overdue_at is not null as overdue from conversations where id = $1",
};

/** Reads whether the visitor of a conversation was told that nobody has come. */
export async function readOverdue(pool: Pool, conversationId: string): Promise<boolean> {
  const [row] = await query(pool, readOverdueStatement, [conversationId]);
  return row?.overdue ?? false;
}

export const setPresenceStatement: Statement<{ until: Date | null }> = {
  name: "set-presence",
  text: `
    update operators set present_until = case when $2 then now() + ${interval(presenceMs)} end
    where id = $1 and left_at is null returning present_until as until`,
};

/**
 * Notes that an operator is online, for `presenceMs`, or away.
 * @returns false if there is no such operator any more
 */
export async function storePresence(pool: Pool, operatorId: string, online: boolean): Promise<boolean> {
  return (await query(pool, setPresenceStatement, [operatorId, online])).length === 1;
}
