import type { Pool } from "pg";
import { v7 } from "uuid";
import type { Statement } from "../../postgres/statement.ts";
import type { OperatorRole } from "../../protocol/operator.ts";
import { interval } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** Someone who gets an account. */
interface Invited {
  siteId: string;
  tokenHash: Buffer;
  /** In lower case. */
  email: string;
  /** Name that visitors and colleagues will see. An operator of that name without an account gets this one. */
  name: string;
  role: OperatorRole;
  /** The operator who invites; absent from a shell. */
  madeBy?: string | undefined;
  lifeMs: number;
  /** True: a mail with the link is due. */
  byMail: boolean;
}

interface InvitationRow {
  hasAccount: boolean;
  nameTaken: boolean;
  id: string | null;
  endsAt: Date | null;
}

export const inviteOperatorStatement: Statement<InvitationRow> = {
  name: "invite-operator",
  // An earlier link to the same address ends: of two invitations only the last one opens an account.
  text: `
    with known as (
      select coalesce(bool_or(email = $4), false) as account,
             coalesce(bool_or(name = $5 and email is not null and email <> $4), false) as name
      from operators where site_id = $2 and left_at is null and (email = $4 or name = $5)
    ), earlier as (
      delete from operator_links using known
      where site_id = $2 and purpose = 'invitation' and email = $4 and used_at is null and not known.account
    ), made as (
      insert into operator_links (id, site_id, purpose, token_hash, email, name, role, made_by, ends_at)
      select $1, $2, 'invitation', $3, $4, $5, $6, $7, now() + $8 * interval '1 ms'
      from known where not known.account and not known.name
      returning id, ends_at
    ), mail as (
      insert into mails (id, site_id, kind, cause, link_id)
      select gen_random_uuid(), $2, 'invitation', 'invitation:' || id, id from made where $9
    )
    select known.account as "hasAccount", known.name as "nameTaken", made.id, ends_at as "endsAt"
    from known left join made on true`,
};

export type InviteOutcome = "has-account" | "name-taken" | { id: string; endsAt: Date };

/** Stores an invitation. Nothing else changes until it is used. */
export async function storeInvitation(
  pool: Pool,
  { siteId, tokenHash, email, name, role, madeBy, lifeMs, byMail }: Invited,
): Promise<InviteOutcome> {
  const values = [v7(), siteId, tokenHash, email, name, role, madeBy ?? null, lifeMs, byMail];
  const [row] = await query(pool, inviteOperatorStatement, values);
  if (row?.id && row.endsAt) return { id: row.id, endsAt: row.endsAt };
  return row?.hasAccount === true ? "has-account" : "name-taken";
}

export const addOperatorLinkStatement: Statement<{ endsAt: Date }> = {
  name: "add-operator-link",
  text: `
    insert into operator_links (id, site_id, purpose, token_hash, operator_id, ends_at)
    select $1, $2, $3, $4, id, now() + $6 * interval '1 ms' from operators
    where id = $5 and site_id = $2 and left_at is null
    returning ends_at as "endsAt"`,
};

/**
 * Stores a link that opens the account of an operator.
 * @returns its end; `undefined` if there is no such operator
 */
export async function storeLink(
  pool: Pool,
  link: { siteId: string; purpose: "reset" | "sign-in"; tokenHash: Buffer; operatorId: string; lifeMs: number },
): Promise<Date | undefined> {
  const { siteId, purpose, tokenHash, operatorId, lifeMs } = link;
  const [row] = await query(pool, addOperatorLinkStatement, [v7(), siteId, purpose, tokenHash, operatorId, lifeMs]);
  return row?.endsAt;
}

/** A link that can still be used. */
export interface OpenLinkRow extends Columns<"operator_links", "purpose" | "operator_id"> {
  email: string | null;
  name: string;
  role: OperatorRole;
}

export const openLinkStatement: Statement<OpenLinkRow> = {
  name: "open-operator-link",
  text: `
    select purpose, operator_id as "operatorId", coalesce(operators.email, link.email) as email,
           coalesce(operators.name, link.name) as name, coalesce(operators.role, link.role) as role
    from operator_links as link left join operators on operators.id = link.operator_id
    where $1 in (token_hash, earlier_token_hash) and link.site_id = $2 and used_at is null and ends_at > now() and left_at is null`,
};

/** Reads a link without using it. @returns `undefined` if it was used, has ended, or has never been */
export async function readOpenLink(pool: Pool, siteId: string, tokenHash: Buffer): Promise<OpenLinkRow | undefined> {
  const [row] = await query(pool, openLinkStatement, [tokenHash, siteId]);
  return row;
}

/** Time for which a used or ended link stays, to explain itself in the database. */
const keptMs = 30 * 24 * 3_600_000;

export const deleteEndedAccountRowsStatement: Statement = {
  name: "delete-ended-account-rows",
  text: `
    with sessions as (
      delete from operator_sessions where id in (
        select id from operator_sessions where seen_at < now() - $1 * interval '1 ms' limit 1000 for update skip locked)
    ), verifications as (
      delete from operator_verifications where id in (
        select id from operator_verifications where expires_at < now() limit 1000 for update skip locked)
    )
    delete from operator_links where id in (
      select id from operator_links where ends_at < now() - ${interval(keptMs)} limit 1000 for update skip locked)`,
};

/** Deletes sessions that were not used for so long, and what else of accounts has ended. */
export async function deleteEndedAccountRows(pool: Pool, idleMs: number): Promise<void> {
  await query(pool, deleteEndedAccountRowsStatement, [idleMs]);
}
