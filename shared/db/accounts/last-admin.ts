/**
 * Parts of statements that may take away an admin `$1` of the site `$2`. Operators without an account do not count: they
 * cannot sign in.
 */

/**
 * The admins of the site, locked in one order. Of two admins who remove each other at the same moment, the second waits
 * here for the first, and finds itself alone.
 */
export const lockedAdmins = `
    admins as materialized (
      select id from operators
      where site_id = $2 and role = 'admin' and email is not null and left_at is null
      order by id for no key update
    )`;

export const isLastAdmin = `
      (role = 'admin' and email is not null and not exists (select from admins where id <> $1))`;

/** Row of such a statement; none if there is no such operator. */
export interface AdminChange {
  done: boolean;
  isLast: boolean;
}

/** `gone`: there is no such operator, or no more. */
export type AdminOutcome = "done" | "gone" | "last-admin";

export function toAdminOutcome(row: AdminChange | undefined): AdminOutcome {
  if (row?.done === true) return "done";
  return row?.isLast === true ? "last-admin" : "gone";
}
