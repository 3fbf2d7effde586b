import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { interval } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** Age up to which mails are counted. */
export const countedMailDays = 30;
const failuresAPage = 50;

type MailCount = Columns<"mails", "kind" | "state"> & { count: number };

export const mailCountsStatement: Statement<MailCount> = {
  name: "mail-counts",
  text: `
    select kind, state, count(*)::int as count from mails
    where created_at > now() - ${interval(countedMailDays * 24 * 3_600_000)} group by kind, state`,
};

/** A mail that no server has taken so far, or that none will. */
export interface MailFailure extends Columns<"mails", "id" | "kind" | "state" | "fault" | "tries"> {
  failedAt: Date;
  dueAt: Date;
  conversationId: string | null;
  /** Operator to whom it was to go. */
  operator: string | null;
  /** Host of the address of everybody else: the address itself is theirs. */
  host: string | null;
}

export const mailFailuresStatement: Statement<MailFailure> = {
  name: "mail-failures",
  text: `
    select mails.id, kind, state, fault, tries, failed_at as "failedAt", due_at as "dueAt",
           conversation_id as "conversationId", operators.name as operator,
           substring(coalesce(handoff_email, link.email) from '@([^@]*)$') as host
    from mails
      left join operators on operators.id = mails.operator_id
      left join conversations on conversations.id = conversation_id and kind = 'answer'
      left join operator_links as link on link.id = link_id
    where failed_at is not null order by failed_at desc limit ${failuresAPage}`,
};

export interface MailReport {
  counts: MailCount[];
  /** The newest first. */
  failures: MailFailure[];
}

/** Reads what became of the mails of the last 30 days, and which were not taken, and why. */
export async function readMailReport(pool: Pool): Promise<MailReport> {
  const [counts, failures] = await Promise.all([
    query(pool, mailCountsStatement, []),
    query(pool, mailFailuresStatement, []),
  ]);
  return { counts, failures };
}
