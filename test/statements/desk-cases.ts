import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { z } from "zod";
import * as keys from "../../shared/db/desk/operator-keys.ts";
import * as operators from "../../shared/db/desk/operators.ts";
import { operatorRole } from "../../shared/protocol/operator.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { reads, type StatementCase, writes } from "./statement-case.ts";

const addKey = async (pool: Pool) => {
  const keyHash = randomBytes(32);
  const key = { siteId: defaultSite, name: "Mia", role: "operator", keyHash, days: 1 } as const;
  return { ...(await keys.addKey(pool, key)), keyHash };
};

const accessCases = [
  reads(
    keys.operatorKeyStatement,
    z.strictObject({
      operatorId: z.uuid(),
      name: z.string(),
      role: operatorRole,
      operatorRole,
      state: z.enum(["valid", "revoked", "ended", "gone"]),
    }),
    async (pool) => keys.readKey(pool, (await addKey(pool)).keyHash, defaultSite),
  ),
  reads(keys.addKeyStatement, z.strictObject({ id: z.uuid(), endsAt: z.date() }), addKey),
  reads(
    keys.listKeysStatement,
    z.strictObject({
      id: z.uuid(),
      name: z.string(),
      role: operatorRole,
      createdAt: z.date(),
      endsAt: z.date(),
      revokedAt: z.date().nullable(),
    }),
    async (pool) => {
      await addKey(pool);
      await keys.listKeys(pool, defaultSite);
    },
  ),
  reads(keys.revokeKeyStatement, z.strictObject({ id: z.uuid() }), async (pool) =>
    keys.revokeKey(pool, (await addKey(pool)).id, defaultSite),
  ),
  writes(operators.addOperatorStatement, (pool) => operators.addBuiltIn(pool, defaultSite, "full")),
  reads(
    operators.listOperatorsStatement,
    z.strictObject({
      id: z.uuid(),
      name: z.string(),
      avatarUrl: z.string().nullable(),
      role: operatorRole,
      online: z.boolean(),
    }),
    async (pool) => {
      await operators.addBuiltIn(pool, defaultSite, "full");
      await operators.listOperators(pool, defaultSite);
    },
  ),
];

/** Statements of the operators' desk. */
export const deskCases: StatementCase[] = [...accessCases];
