import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { interval, presenceMs } from "../../tunables.ts";
import { query } from "../database.ts";

export const anyonePresentStatement: Statement<{ present: boolean }> = {
  name: "anyone-present",
  text: `
    select exists (select from operators where site_id = $1 and present_until > now() and left_at is null) as present`,
};

/** True if an operator of the site is online. */
export async function isAnyonePresent(pool: Pool, siteId: string): Promise<boolean> {
  const [row] = await query(pool, anyonePresentStatement, [siteId]);
  return row?.present ?? false;
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
