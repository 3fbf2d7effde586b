import type { Pool } from "pg";
import { query } from "../database.ts";
import { apologizing } from "./outcome.ts";
import type { Statement } from "../../postgres/statement.ts";

/** Figures of one hour, or of the whole period. Waits are milliseconds from acceptance to the first claim. */
export interface Figures {
  /** Start, in Unix milliseconds; `null` for the whole period. */
  from: number | null;
  messages: number;
  completed: number;
  failed: number;
  cancelled: number;
  /** Messages that the AI left to people, and replies that a person cut. */
  people: number;
  /** Replies of another provider than the one chosen to answer. */
  fallbacks: number;
  /** Those of them that are presets, because no provider answered. */
  apologies: number;
  waitP50Ms: number | null;
  waitP95Ms: number | null;
  costUsd: number;
  up: number;
  down: number;
}

const hourOf = (column: string) => `date_trunc('hour', ${column}, 'UTC')`;

/** Groups by hour, with a row for the total. */
const byHour = (column: string) => `group by grouping sets ((${hourOf(column)}), ())`;

export const figuresStatement: Statement<Figures> = {
  name: "operator-figures",
  text: `
    with told as (
      select ${hourOf("jobs.created_at")} as hour, count(*)::int as messages,
             count(*) filter (where status = 'completed' and jobs.handled_by is null)::int as completed,
             count(*) filter (where status = 'failed')::int as failed,
             count(*) filter (where status = 'cancelled' and jobs.handled_by is null)::int as cancelled,
             count(*) filter (where jobs.handled_by is not null)::int as people,
             count(*) filter (where reply.fallback)::int as fallbacks,
             count(*) filter (where reply.fallback and jobs.provider = '${apologizing}')::int as apologies,
             percentile_cont(array[0.5, 0.95]) within group (order by started_at - jobs.created_at) as waits
      from jobs left join messages reply on reply.id = jobs.reply_id
      where jobs.created_at >= $1 ${byHour("jobs.created_at")}
    ), spent as (
      select ${hourOf("begun_at")} as hour, coalesce(sum(cost_usd), 0) as cost
      from calls where begun_at >= $1 ${byHour("begun_at")}
    ), rated as (
      select ${hourOf("rated_at")} as hour, count(*) filter (where rating = 'up')::int as up,
             count(*) filter (where rating = 'down')::int as down
      from feedback where rated_at >= $1 ${byHour("rated_at")}
    )
    select (extract(epoch from hours.hour) * 1000)::float8 as "from", coalesce(messages, 0) as messages,
           coalesce(completed, 0) as completed, coalesce(failed, 0) as failed, coalesce(cancelled, 0) as cancelled,
           coalesce(people, 0) as people,
           coalesce(fallbacks, 0) as fallbacks, coalesce(apologies, 0) as apologies, coalesce(cost, 0)::float8 as "costUsd",
           (extract(epoch from waits[1]) * 1000)::float8 as "waitP50Ms",
           (extract(epoch from waits[2]) * 1000)::float8 as "waitP95Ms",
           coalesce(up, 0) as up, coalesce(down, 0) as down
    from (select hour from told union select hour from spent union select hour from rated) hours
         left join told on told.hour is not distinct from hours.hour
         left join spent on spent.hour is not distinct from hours.hour
         left join rated on rated.hour is not distinct from hours.hour
    order by hours.hour nulls first`,
};

/**
 * Reads the messages accepted since a moment, and their outcomes: first the total, then each hour (UTC) in which
 * something happened.
 */
export async function readFigures(pool: Pool, since: Date): Promise<Figures[]> {
  return query(pool, figuresStatement, [since]);
}
