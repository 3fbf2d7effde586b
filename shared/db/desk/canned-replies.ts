import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { type CannedReply, maxCannedReplies } from "../../protocol/people/canned-replies.ts";
import { query } from "../database.ts";

export const listCannedRepliesStatement: Statement<CannedReply> = {
  name: "list-canned-replies",
  text: `select shortcut, text from canned_replies where site_id = $1 order by shortcut collate "C" limit ${maxCannedReplies}`,
};

/** Reads all canned replies of a site, by shortcut. */
export async function listCannedReplies(pool: Pool, siteId: string): Promise<CannedReply[]> {
  return query(pool, listCannedRepliesStatement, [siteId]);
}

export const putCannedReplyStatement: Statement<CannedReply> = {
  name: "put-canned-reply",
  text: `
    insert into canned_replies (site_id, shortcut, text, operator_id)
    select $1, $2, $3, $4::uuid
    where (select count(*) from canned_replies where site_id = $1 and shortcut <> $2) < ${maxCannedReplies}
    on conflict (site_id, shortcut)
      do update set text = excluded.text, operator_id = excluded.operator_id, updated_at = now()
    returning shortcut, text`,
};

/**
 * Adds a canned reply, or replaces its text.
 * @returns `undefined` if the site has as many as it may have
 */
export async function putCannedReply(
  pool: Pool,
  { siteId, operatorId, shortcut, text }: CannedReply & { siteId: string; operatorId: string },
): Promise<CannedReply | undefined> {
  const [stored] = await query(pool, putCannedReplyStatement, [siteId, shortcut, text, operatorId]);
  return stored;
}

export const deleteCannedReplyStatement: Statement = {
  name: "delete-canned-reply",
  text: "delete from canned_replies where site_id = $1 and shortcut = $2",
};

export async function deleteCannedReply(pool: Pool, siteId: string, shortcut: string): Promise<void> {
  await query(pool, deleteCannedReplyStatement, [siteId, shortcut]);
}
