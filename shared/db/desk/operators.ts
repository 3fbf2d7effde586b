import type { Pool } from "pg";
import { v5 } from "uuid";
import type { Statement } from "../../postgres/statement.ts";
import type { OperatorRole } from "../../protocol/operator.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** Operators behind the accounts of the configuration: no key may be made in their names. */
export const builtIn = {
  full: { name: "Support", role: "admin" },
  read: { name: "Support (read)", role: "reader" },
} as const satisfies Record<string, { name: string; role: OperatorRole }>;

/** @returns true for an operator behind an account of the configuration */
export function isBuiltIn({ name }: { name: string }): boolean {
  return Object.values(builtIn).some((each) => each.name === name);
}

/** Namespace of the ids of built-in operators. */
const builtInNamespace = "8f0f1a3e-5f0c-4c57-9a53-3d1d0b7c2a10";

export const addOperatorStatement: Statement = {
  name: "add-built-in-operator",
  text: "insert into operators (id, site_id, name, role) values ($1, $2, $3, $4) on conflict do nothing",
};

/**
 * Adds a built-in operator to a site, unless it is there.
 * @returns its id, which is the same in each database
 */
export async function addBuiltIn(pool: Pool, siteId: string, account: keyof typeof builtIn): Promise<string> {
  const { name, role } = builtIn[account];
  const id = v5(`${siteId}/${name}`, builtInNamespace);
  await query(pool, addOperatorStatement, [id, siteId, name, role]);
  return id;
}

export interface OperatorRow extends Columns<
  "operators",
  "id" | "name" | "avatar_url" | "role" | "email" | "two_factor_enabled"
> {
  online: boolean;
}

export const listOperatorsStatement: Statement<OperatorRow> = {
  name: "list-operators",
  text: `
    select id, name, avatar_url as "avatarUrl", role, email, two_factor_enabled as "twoFactorEnabled", coalesce(present_until > now(), false) as online
    from operators where site_id = $1 and left_at is null and ($2::uuid is null or id = $2)
    order by name limit 1000`,
};

/** Reads the operators of a site, by name. */
export async function listOperators(pool: Pool, siteId: string): Promise<OperatorRow[]> {
  return query(pool, listOperatorsStatement, [siteId, null]);
}

/** @returns `undefined` if the operator has left */
export async function readOperator(pool: Pool, siteId: string, id: string): Promise<OperatorRow | undefined> {
  const [row] = await query(pool, listOperatorsStatement, [siteId, id]);
  return row;
}
