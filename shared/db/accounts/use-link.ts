import type { Pool } from "pg";
import { v7 } from "uuid";
import { hashSessionToken } from "../../accounts/session-token.ts";
import type { Statement } from "../../postgres/statement.ts";
import { interval, sessionMaxMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { SessionPlace } from "./operator-sessions.ts";

/** Use of a link by a person. */
interface UseOfLink extends SessionPlace {
  siteId: string;
  tokenHash: Buffer;
  /** Hash of the new password; null for a link that only signs in. */
  password: string | null;
  /** Token of the session that begins. */
  token: string;
}

export const useOperatorLinkStatement: Statement<{ operatorId: string | null; open: boolean }> = {
  name: "use-operator-link",
  // One statement: of two browsers that use a link at once, one gets the account, and a password without a session, or
  // a used link without a password, cannot be. An operator of the invited name who has no account gets this one, with
  // all their keys.
  text: `
    with link as (
      select * from operator_links
      where $1 in (token_hash, earlier_token_hash) and site_id = $2 and used_at is null and ends_at > now()
        and ($4::text is null) = (purpose = 'sign-in')
      for update
    ), invited as (
      insert into operators (id, site_id, name, role, email, email_verified)
      select $3, site_id, name, role, email, true from link where purpose = 'invitation'
      on conflict (site_id, name) where left_at is null do update
      set email = excluded.email, email_verified = true, role = excluded.role, updated_at = now()
      where operators.email is null
      returning id
    ), operator as (
      select id from invited
      union all
      select operators.id from link join operators on operators.id = link.operator_id where left_at is null
    ), used as (
      update operator_links set used_at = now() from link, operator where operator_links.id = link.id
    ), password as (
      insert into operator_credentials (id, operator_id, account_id, provider_id, password)
      select $5, id, id::text, 'credential', $4 from operator where $4::text is not null
      on conflict (operator_id, provider_id) do update set password = excluded.password, updated_at = now()
    ), ended as (
      delete from operator_sessions using operator, link
      where operator_sessions.operator_id = operator.id and link.purpose = 'reset'
    ), factor as (
      delete from operator_two_factors using operator, link
      where operator_two_factors.operator_id = operator.id and link.purpose = 'reset'
    ), without_factor as (
      update operators set two_factor_enabled = false, updated_at = now() from operator, link
      where operators.id = operator.id and link.purpose = 'reset'
    ), begun as (
      insert into operator_sessions (id, operator_id, token, expires_at, ip_address, user_agent)
      select $6, id, $7, now() + ${interval(sessionMaxMs)}, $8, $9 from operator
    )
    select (select id from operator) as "operatorId", exists (select from link) as open`,
};

/**
 * Uses a link: sets the password of its operator, who is added for an invitation, and begins a session.
 * @returns the operator's id; `"ended"` if the link cannot be used; `"name-taken"` if another account has the name by
 * now
 */
export async function storeUseOfLink(
  pool: Pool,
  { siteId, tokenHash, password, token, address, userAgent }: UseOfLink,
): Promise<{ operatorId: string } | "ended" | "name-taken"> {
  const values = [tokenHash, siteId, v7(), password, v7(), v7(), hashSessionToken(token), address, userAgent];
  const [row] = await query(pool, useOperatorLinkStatement, values);
  if (row?.operatorId) return { operatorId: row.operatorId };
  return row?.open === true ? "name-taken" : "ended";
}
