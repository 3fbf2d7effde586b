import type { Pool } from "pg";
import { v7 } from "uuid";
import type { Statement } from "../../postgres/statement.ts";
import type { OperatorRole } from "../../protocol/operator.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** A key with its operator, as they are now. */
export interface KeyRow extends Columns<"operator_keys", "operator_id" | "role"> {
  name: string;
  /** Role of the operator. A key gives no more than it. */
  operatorRole: OperatorRole;
  /** `gone`: its operator has left. */
  state: "valid" | "revoked" | "ended" | "gone";
}

export const operatorKeyStatement: Statement<KeyRow> = {
  name: "operator-key",
  text: `
    select operator_id as "operatorId", name, operator_keys.role, operators.role as "operatorRole",
           case when revoked_at is not null then 'revoked' when ends_at <= now() then 'ended'
                when left_at is not null then 'gone' else 'valid' end as state
    from operator_keys join operators on operators.id = operator_id
    where key_hash = $1 and operator_keys.site_id = $2`,
};

/** @returns `undefined`: there has never been such a key */
export async function readKey(pool: Pool, keyHash: Buffer, siteId: string): Promise<KeyRow | undefined> {
  const [row] = await query(pool, operatorKeyStatement, [keyHash, siteId]);
  return row;
}

const rankOf = (role: string) => `array_position(array['reader', 'operator', 'admin'], ${role})`;

interface NewKey {
  siteId: string;
  /** Name of the operator, who is added unless there is one. */
  name: string;
  role: OperatorRole;
  keyHash: Buffer;
  days: number;
}

export const addKeyStatement: Statement<Columns<"operator_keys", "id" | "ends_at">> = {
  name: "add-operator-key",
  text: `
    with operator as (
      insert into operators (id, site_id, name, role) values ($1, $2, $3, $4)
      on conflict (site_id, name) where left_at is null do update
      set role = case when ${rankOf("operators.role")} < ${rankOf("excluded.role")} then excluded.role else operators.role end
      returning id
    )
    insert into operator_keys (id, site_id, operator_id, key_hash, role, ends_at)
    select $5, $2, id, $6, $4, now() + make_interval(days => $7) from operator
    returning id, ends_at as "endsAt"`,
};

/** Adds a key, and raises the role of its operator to that of the key. */
export async function addKey(
  pool: Pool,
  { siteId, name, role, keyHash, days }: NewKey,
): Promise<Columns<"operator_keys", "id" | "ends_at">> {
  const [added] = await query(pool, addKeyStatement, [v7(), siteId, name, role, v7(), keyHash, days]);
  if (!added) throw new Error("the key was not stored");
  return added;
}

export interface ListedKey extends Columns<"operator_keys", "id" | "role" | "created_at" | "ends_at" | "revoked_at"> {
  name: string;
}

export const listKeysStatement: Statement<ListedKey> = {
  name: "list-operator-keys",
  text: `
    select operator_keys.id, name, operator_keys.role, operator_keys.created_at as "createdAt", ends_at as "endsAt",
           revoked_at as "revokedAt"
    from operator_keys join operators on operators.id = operator_id
    where operator_keys.site_id = $1 order by operator_keys.created_at`,
};

export async function listKeys(pool: Pool, siteId: string): Promise<ListedKey[]> {
  return query(pool, listKeysStatement, [siteId]);
}

export const revokeKeyStatement: Statement<Columns<"operator_keys", "id">> = {
  name: "revoke-operator-key",
  text: `
    update operator_keys set revoked_at = coalesce(revoked_at, now()) where id = $1 and site_id = $2 returning id`,
};

/** @returns false if there is no such key */
export async function revokeKey(pool: Pool, id: string, siteId: string): Promise<boolean> {
  return (await query(pool, revokeKeyStatement, [id, siteId])).length === 1;
}
