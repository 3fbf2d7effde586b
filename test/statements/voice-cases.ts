import type { Pool } from "pg";
import { v7 } from "uuid";
import { z } from "zod";
import * as presence from "../../shared/db/voices/presence.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { reads, type StatementCase } from "./statement-case.ts";

export const voiceCases: StatementCase[] = [
  reads(presence.anyonePresentStatement, z.strictObject({ present: z.boolean() }), (pool) =>
    presence.isAnyonePresent(pool, defaultSite),
  ),
  reads(presence.setPresenceStatement, z.strictObject({ until: z.date().nullable() }), async (pool) =>
    presence.storePresence(pool, await addOperator(pool), true),
  ),
];

async function addOperator(pool: Pool): Promise<string> {
  const id = v7();
  await pool.query("insert into operators (id, name, role) values ($1, $2, 'operator')", [id, `Operator ${id}`]);
  return id;
}
