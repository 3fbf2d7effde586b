import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

export type ListedAccount = Columns<"operators", "id" | "name" | "role" | "email" | "two_factor_enabled">;

export const listAccountsStatement: Statement<ListedAccount> = {
  name: "list-operator-accounts",
  text: `
    select id, name, role, email, two_factor_enabled as "twoFactorEnabled" from operators
    where site_id = $1 and left_at is null and ($2::text is null or email = $2) order by name limit 1000`,
};

/** Reads the operators of a site with their addresses, by name. */
export async function listAccounts(pool: Pool, siteId: string): Promise<ListedAccount[]> {
  return query(pool, listAccountsStatement, [siteId, null]);
}

/** @param email in lower case */
export async function findByEmail(pool: Pool, siteId: string, email: string): Promise<ListedAccount | undefined> {
  const [found] = await query(pool, listAccountsStatement, [siteId, email]);
  return found;
}
