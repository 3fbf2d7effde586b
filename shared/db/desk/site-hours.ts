import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import type { HoursText } from "../../protocol/people/hours.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** Hours that were set in the console. */
export interface SiteHoursRow extends Columns<"site_hours", "hours" | "changed_at"> {
  /** Name of whoever set them. */
  operator: string | null;
}

const shown = `hours, changed_at as "changedAt", (select name from operators where id = operator_id) as operator`;

export const readSiteHoursStatement: Statement<SiteHoursRow> = {
  name: "read-site-hours",
  text: `select ${shown} from site_hours where site_id = $1`,
};

/** @returns `undefined` if none were set: those of the file count */
export async function readSiteHours(pool: Pool, siteId: string): Promise<SiteHoursRow | undefined> {
  const [row] = await query(pool, readSiteHoursStatement, [siteId]);
  return row;
}

export const putSiteHoursStatement: Statement<SiteHoursRow> = {
  name: "put-site-hours",
  text: `
    insert into site_hours (site_id, hours, operator_id) values ($1, $2::jsonb, $3)
    on conflict (site_id) do update set hours = excluded.hours, operator_id = excluded.operator_id, changed_at = now()
    returning ${shown}`,
};

/** @param hours already checked */
export async function putSiteHours(
  pool: Pool,
  { siteId, operatorId, hours }: { siteId: string; operatorId: string; hours: HoursText },
): Promise<SiteHoursRow | undefined> {
  const [row] = await query(pool, putSiteHoursStatement, [siteId, JSON.stringify(hours), operatorId]);
  return row;
}

export const deleteSiteHoursStatement: Statement = {
  name: "delete-site-hours",
  text: "delete from site_hours where site_id = $1",
};

/** Goes back to the hours of the file. */
export async function deleteSiteHours(pool: Pool, siteId: string): Promise<void> {
  await query(pool, deleteSiteHoursStatement, [siteId]);
}
