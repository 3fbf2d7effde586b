import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/**
 * SQL that is true while the AI of an assistant is paused. The statements that accept a message or claim a job read the
 * row themselves, so a pause holds for all processes from its commit on, and nothing is cached.
 * @param site with its table's name, like the other: else it would be this one's own column
 */
export function isPaused(site: string, assistantType: string): string {
  return `exists (select from assistant_pauses where assistant_pauses.site_id = ${site} and assistant_pauses.assistant_type = ${assistantType})`;
}

/** Assistant whose AI is paused. */
export interface PauseRow extends Columns<"assistant_pauses", "assistant_type" | "paused_at"> {
  /** Name of whoever paused it. */
  operator: string | null;
}

const shown = `assistant_type as "assistantType", paused_at as "pausedAt",
           (select name from operators where id = operator_id) as operator`;

export const listPausesStatement: Statement<PauseRow> = {
  name: "list-assistant-pauses",
  text: `select ${shown} from assistant_pauses where site_id = $1 order by assistant_type collate "C" limit 1000`,
};

/** Reads the assistants of a site whose AI is paused. */
export async function listPauses(pool: Pool, siteId: string): Promise<PauseRow[]> {
  return query(pool, listPausesStatement, [siteId]);
}

export const pauseAssistantStatement: Statement<PauseRow> = {
  name: "pause-assistant",
  // The first of two who pause it is remembered.
  text: `
    insert into assistant_pauses (site_id, assistant_type, operator_id) values ($1, $2, $3)
    on conflict (site_id, assistant_type) do update set paused_at = assistant_pauses.paused_at
    returning ${shown}`,
};

/** Pauses the AI of an assistant; again: nothing changes. */
export async function pauseAssistant(
  pool: Pool,
  { siteId, assistantType, operatorId }: { siteId: string; assistantType: string; operatorId: string },
): Promise<PauseRow | undefined> {
  const [row] = await query(pool, pauseAssistantStatement, [siteId, assistantType, operatorId]);
  return row;
}

export const resumeAssistantStatement: Statement = {
  name: "resume-assistant",
  text: "delete from assistant_pauses where site_id = $1 and assistant_type = $2",
};

export async function resumeAssistant(pool: Pool, siteId: string, assistantType: string): Promise<void> {
  await query(pool, resumeAssistantStatement, [siteId, assistantType]);
}
