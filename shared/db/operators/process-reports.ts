import type { Pool } from "pg";
import { interval, staleProcessReportMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import type { Statement } from "../../postgres/statement.ts";

/** A process that runs: `api` or `worker`, its host and process id, and the version of `process-version.ts`. */
export type ProcessReport = Columns<"process_reports", "name" | "place" | "version">;

/** A report as it is stored. */
interface OwnReport extends ProcessReport {
  /** True for a worker with a mail server. */
  sendsMail?: boolean;
}

const staleAfter = interval(staleProcessReportMs);

export const reportProcessStatement: Statement = {
  name: "report-process",
  text: `
    with gone as (
      delete from process_reports where reported_at < now() - 2 * ${staleAfter} and process_id <> $1
    )
    insert into process_reports (process_id, name, place, version, sends_mail) values ($1, $2, $3, $4, $5)
    on conflict (process_id) do update set reported_at = now()`,
};

/** Stores that a process runs; to be repeated every `processReportEveryMs`. */
export async function storeProcessReport(pool: Pool, processId: string, report: OwnReport): Promise<void> {
  const { name, place, version, sendsMail = false } = report;
  await query(pool, reportProcessStatement, [processId, name, place, version, sendsMail]);
}

export const endProcessReportStatement: Statement = {
  name: "end-process-report",
  text: "delete from process_reports where process_id = $1",
};

export async function endProcessReport(pool: Pool, processId: string): Promise<void> {
  await query(pool, endProcessReportStatement, [processId]);
}

export const readProcessReportsStatement: Statement<ProcessReport> = {
  name: "read-process-reports",
  text: `
    select name, place, version from process_reports where reported_at > now() - ${staleAfter}
    order by version, name, place`,
};

/** Reads the processes that run, the oldest version first. One that died is listed until three reports are missing. */
export async function readProcessReports(db: Pick<Pool, "query">): Promise<ProcessReport[]> {
  return query(db, readProcessReportsStatement, []);
}

export const olderVersionStatement: Statement<{ older: boolean }> = {
  name: "older-version-runs",
  text: `
    select exists (
      select from process_reports where version < $1 and reported_at > now() - ${staleAfter}) as older`,
};

/** True if a process of an older version runs beside this one. */
export async function olderVersionRuns(pool: Pool, version: number): Promise<boolean> {
  const [row] = await query(pool, olderVersionStatement, [version]);
  return row?.older ?? false;
}

export const mailIsSentStatement: Statement<{ sent: boolean }> = {
  name: "mail-is-sent",
  // A worker of a version that does not say it may take a mail of a kind that it does not know.
  text: `
    select coalesce(bool_or(sends_mail) and bool_and(sends_mail is not null), false) as sent
    from process_reports where name = 'worker' and reported_at > now() - ${staleAfter}`,
};

/** True if a worker with a mail server runs. APIs and commands know none: its address holds a password. */
export async function isMailSent(pool: Pool): Promise<boolean> {
  const [row] = await query(pool, mailIsSentStatement, []);
  return row?.sent ?? false;
}
