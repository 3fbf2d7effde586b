import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { interval, mailLeaseMs, sendMailMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** A mail that this process alone may send, until its lease ends. `tries` names the claim. */
export interface ClaimedMail extends Columns<
  "mails",
  "id" | "site_id" | "kind" | "conversation_id" | "tries" | "handed"
> {
  ageMs: number;
  admitted: boolean;
}

export const claimMailsStatement: Statement<ClaimedMail> = {
  name: "claim-mails",
  text: `
    with due as materialized (
      select id from mails where state = 'due' and due_at <= now() order by due_at limit $1 for update skip locked
    )
    update mails set tries = tries + 1, due_at = now() + ${interval(mailLeaseMs)}
    from due where mails.id = due.id
    returning mails.id, site_id as "siteId", kind, conversation_id as "conversationId", tries, handed,
              (extract(epoch from now() - created_at) * 1000)::float8 as "ageMs", admitted_at is not null as admitted`,
};

/** Claims mails that are due, oldest first. Senders skip what another one holds. */
export async function claimMails(pool: Pool, limit: number): Promise<ClaimedMail[]> {
  return query(pool, claimMailsStatement, [limit]);
}

/** Addressee of a mail, as the rows have it now. */
export interface Addressee {
  address: string;
  /** Language tag of the visitor's page; null for operators. */
  locale: string | null;
}

export const addresseeStatement: Statement<Addressee> = {
  name: "mail-addressee",
  text: `
    select email as address, null as locale
    from mails join conversations on conversations.id = conversation_id join operators on operators.id = mails.operator_id
    where mails.id = $1 and kind = 'visitor-waits' and deleted_at is null and blocked_at is null
      and handled_by = 'waiting' and conversations.stretch = mails.stretch
      and role in ('admin', 'operator') and left_at is null and email is not null
    union all
    select handoff_email, metadata ->> 'locale'
    from mails join conversations on conversations.id = conversation_id join messages on messages.id = message_id
    where mails.id = $1 and kind = 'answer' and deleted_at is null and handoff_email is not null
      and messages.turn > visitor_seen_turn
      and not exists (
        select from messages as own
        where own.conversation_id = conversations.id and own.sender = 'user' and own.turn > messages.turn)
    union all
    select link.email, null from mails join operator_links as link on link.id = link_id
    where mails.id = $1 and kind = 'invitation' and used_at is null and ends_at > now()`,
};

/** @returns `undefined`: the cause is gone, or the address */
export async function readAddressee(pool: Pool, mailId: string): Promise<Addressee | undefined> {
  const [found] = await query(pool, addresseeStatement, [mailId]);
  return found;
}

type Claim = Pick<ClaimedMail, "id" | "tries">;

export const handMailStatement: Statement<Columns<"mails", "id">> = {
  name: "hand-mail",
  // The rest of the lease is longer than the server may take.
  text: `
    update mails set handed = handed + 1
    where id = $1 and tries = $2 and state = 'due' and due_at > now() + ${interval(sendMailMs)} returning id`,
};

/**
 * Notes that a server is about to be given the text, so that a crash from here on is known to be one that may have
 * delivered it.
 * @returns false if the lease is over: then nothing may be given
 */
export async function noteHanded(pool: Pool, { id, tries }: Claim): Promise<boolean> {
  return (await query(pool, handMailStatement, [id, tries])).length === 1;
}

export const handInvitationStatement: Statement<Columns<"mails", "id">> = {
  name: "hand-invitation",
  // The link is locked first, as by who withdraws it. Mails are handed twice at most, so two tokens are good.
  text: `
    with link as (
      select operator_links.id from mails join operator_links on operator_links.id = link_id
      where mails.id = $1 and used_at is null and ends_at > now() for update of operator_links
    ), handed as (
      update mails set handed = handed + 1 from link
      where mails.id = $1 and tries = $2 and state = 'due' and due_at > now() + ${interval(sendMailMs)}
      returning mails.id
    ), renewed as (
      update operator_links set earlier_token_hash = token_hash, token_hash = $3 from link, handed
      where operator_links.id = link.id
    )
    select id from handed`,
};

/**
 * Likewise for an invitation, whose token is good from here on. It is in no table: each text has another one.
 * @returns false if the lease or the invitation is over: then nothing may be given
 */
export async function noteHandedInvitation(pool: Pool, { id, tries }: Claim, tokenHash: Buffer): Promise<boolean> {
  return (await query(pool, handInvitationStatement, [id, tries, tokenHash])).length === 1;
}

export const endMailStatement: Statement<Columns<"mails", "id">> = {
  name: "end-mail",
  text: `
    update mails
    set state = $3, ended_at = now(), fault = coalesce($4, fault),
        failed_at = case when $3 in ('refused', 'unknown', 'expired') then now() end
    where id = $1 and tries = $2 and state = 'due' returning id`,
};

/**
 * @param fault why no server has taken it; absent: as an earlier try found
 * @returns false if another sender has it by now, or it is gone
 */
export async function endMail(
  pool: Pool,
  { id, tries }: Claim,
  state: Exclude<Columns<"mails", "state">["state"], "due">,
  fault?: string,
): Promise<boolean> {
  return (await query(pool, endMailStatement, [id, tries, state, fault ?? null])).length === 1;
}

export const putOffMailStatement: Statement = {
  name: "put-off-mail",
  text: `
    update mails set due_at = now() + make_interval(secs => $3), handed = $4, fault = $5, failed_at = now()
    where id = $1 and tries = $2 and state = 'due'`,
};

/** @param handed times that a server may have delivered it so far */
export async function putOffMail(
  pool: Pool,
  { id, tries }: Claim,
  { delayMs, handed, fault }: { delayMs: number; handed: number; fault: string },
): Promise<void> {
  await query(pool, putOffMailStatement, [id, tries, delayMs / 1000, handed, fault]);
}
