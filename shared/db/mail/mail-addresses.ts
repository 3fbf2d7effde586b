import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";

/** Mails that an address gets in a day at most: an address can be left by anybody. */
const mailsADay = 5;

export const admitMailStatement: Statement<{ stopped: boolean; within: boolean }> = {
  name: "admit-mail",
  // One row decides, whatever the conversation; a mail is counted once, however often it is tried.
  text: `
    with counted as (
      insert into mail_addresses as address (site_id, address_hash, window_mails) values ($1, $2, $4::int)
      on conflict (site_id, address_hash) do update
      set window_began_at = case when address.window_began_at < now() - interval '1 day' then now() else address.window_began_at end,
          window_mails = case when address.window_began_at < now() - interval '1 day' then $4
                              else least(address.window_mails + $4, ${mailsADay + 1}) end
      returning stopped_at is not null as stopped, (window_mails <= ${mailsADay} or $4 = 0) as within
    ), admitted as (
      update mails set admitted_at = coalesce(admitted_at, now()) from counted where id = $3 and not stopped and within
    )
    select stopped, within from counted`,
};

/**
 * Counts a mail for its address, unless that has had enough or wants none.
 * @param mail `counts`: false if it was counted at an earlier try
 */
export async function admitMail(
  pool: Pool,
  { siteId, addressHash, mailId, counts }: { siteId: string; addressHash: Buffer; mailId: string; counts: boolean },
): Promise<"admitted" | "stopped" | "limited"> {
  const [counted] = await query(pool, admitMailStatement, [siteId, addressHash, mailId, Number(counts)]);
  if (counted?.stopped) return "stopped";
  return counted?.within ? "admitted" : "limited";
}

export const deleteMailCountsStatement: Statement = {
  name: "delete-mail-counts",
  // An address that was stopped stays so.
  text: "delete from mail_addresses where window_began_at < now() - interval '1 day' and stopped_at is null",
};

/** Deletes the counts of days that are over. */
export async function deleteMailCounts(pool: Pool): Promise<void> {
  await query(pool, deleteMailCountsStatement, []);
}

export const stopMailsStatement: Statement = {
  name: "stop-mails",
  text: `
    insert into mail_addresses as address (site_id, address_hash, stopped_at) values ($1, $2, now())
    on conflict (site_id, address_hash) do update set stopped_at = coalesce(address.stopped_at, now())`,
};

/** Sends an address no more mails. */
export async function stopMails(pool: Pool, siteId: string, addressHash: Buffer): Promise<void> {
  await query(pool, stopMailsStatement, [siteId, addressHash]);
}
