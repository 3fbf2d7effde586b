import type { Expression } from "kysely";
import type { CallErrorCode } from "../../jobs/call-faults.ts";
import type { StatementBuilder } from "../../statement-builder.ts";
import { apologizing, isFallback, type JobOutcome } from "../outcome.ts";

/** Part of a list that is sorted by a time and an id, the newest first. */
export interface Period {
  from?: Date | undefined;
  /** Exclusive. */
  to?: Date | undefined;
  /** Place of the last entry before this page. */
  after?: { time: string; id: string } | undefined;
}

/** `failed_call`: a call gave no reply, or a broken one, whatever came of the job. `down`: the visitor rated it so. */
export type SearchFilter = JobOutcome | "failed_call" | "down";

/** Calls that ended so were not in trouble. */
export const harmless: CallErrorCode[] = ["cancelled", "released", "lost"];

/** Condition on a row of `jobs`. A completed job whose reply is a fallback has another outcome. */
export function meets(sql: StatementBuilder["sql"], filter: SearchFilter) {
  if (filter === "failed_call")
    return sql<boolean>`exists (
      select from calls where calls.job_id = jobs.id and error_code is not null and not error_code = any(${harmless}))`;
  if (filter === "down")
    return sql<boolean>`exists (select from feedback where message_id = jobs.reply_id and rating = 'down')`;
  const fallback = sql`exists (select from messages where messages.id = jobs.reply_id and messages.fallback)`;
  if (isFallback(filter))
    return sql<boolean>`(jobs.provider = ${apologizing}) = ${filter === "apology"} and ${fallback}`;
  if (filter === "people") return sql<boolean>`jobs.handled_by is not null`;
  const byAi = sql`jobs.handled_by is null`;
  if (filter === "completed") return sql<boolean>`jobs.status = ${filter} and ${byAi} and not ${fallback}`;
  return sql<boolean>`jobs.status = ${filter} and ${byAi}`;
}

/** @param turn whose job is preferred */
export function newestJob(
  { db, sql }: StatementBuilder,
  conversationId: Expression<string>,
  turn?: Expression<number>,
) {
  return db
    .selectFrom("jobs")
    .select("jobs.id")
    .where("jobs.conversation_id", "=", conversationId)
    .$if(turn !== undefined, (query) => query.orderBy(sql`jobs.turn = ${turn}`, "desc"))
    .orderBy("jobs.turn", "desc")
    .limit(1);
}

/** Condition on rows that are sorted by a time and an id. Its plain bounds are for the index of the time. */
export function inPeriod(
  { sql }: StatementBuilder,
  { from, to, after }: Period,
  time: Expression<Date>,
  id: Expression<string>,
) {
  const { time: last, id: lastId } = after ?? { time: "infinity", id: "ffffffff-ffff-ffff-ffff-ffffffffffff" };
  return sql<boolean>`(${time} >= ${from ?? new Date(0)} and ${time} < ${to ?? "infinity"}::timestamptz
    and ${time} <= ${last}::timestamptz and (${time}, ${id}) < (${last}::timestamptz, ${lastId}::uuid))`;
}

export function placeOf({ sql }: StatementBuilder, time: Expression<Date>, id: Expression<string>) {
  return sql<string>`to_char(${time} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '_' || ${id}`;
}

export function containing(text: string): string {
  return `%${text.replaceAll(/[%_\\]/g, "\\$&")}%`;
}

/** @returns the lowest id of a message that was accepted at this time */
export function firstIdOf(time: Date): string {
  const digits = Math.max(0, time.getTime()).toString(16).padStart(12, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-0000-0000-000000000000`;
}

/** @returns the id that those of a page are below */
export function idBefore({ to, after }: Period): string {
  const ids = [to && firstIdOf(to), after?.id, "ffffffff-ffff-ffff-ffff-ffffffffffff"];
  return ids.filter((id) => id !== undefined).toSorted()[0] ?? "";
}
