import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { handoffReason } from "../../protocol/handling.ts";
import type { ReportFigures } from "../../protocol/people/report.ts";
import { query } from "../database.ts";
import { apologizing } from "./outcome.ts";
import { withTimeLimit } from "./time-limit.ts";

/** Figures of one day, or of all. */
interface ReportRow extends ReportFigures {
  /** Like `2026-11-30`; null for the whole span. */
  day: string | null;
}

interface Span {
  siteId: string;
  /** First and last day, like `2026-11-30`. */
  from: string;
  to: string;
  /** Time zone by whose midnight days begin. */
  zone: string;
}

const dayOf = (column: string) => `(${column} at time zone $4)::date`;
const byDay = "group by grouping sets ((day), ())";
const within = (column: string) => `${column} >= since and ${column} < until`;
const secondsOf = (column: string) => `extract(epoch from ${column})`;
const percentiles = (seconds: string) => `percentile_cont(array[0.5, 0.95]) within group (order by ${seconds})`;
const reasons = handoffReason.options.map((reason) => `'${reason}'`).join(", ");

/** SQL of each visitor's message of the span, and who answered it. */
const messages = `
      asked as materialized (
        select ${dayOf("min(jobs.created_at)")} as day, ${secondsOf("min(started_at) - min(jobs.created_at)")} as wait,
               bool_or(reply.id is not null and not told.apology and reply.finish_reason is distinct from 'taken_over') as answered,
               bool_or(told.apology) as apology,
               coalesce((
                 select sender = 'operator' from messages
                 where conversation_id = jobs.conversation_id and turn > jobs.turn and sender <> 'user'
                 order by turn limit 1), false) as by_person
        from span cross join jobs
             join conversations on conversations.id = jobs.conversation_id and conversations.site_id = $1 and deleted_at is null
             left join messages reply on reply.id = jobs.reply_id
             cross join lateral (
               select coalesce(reply.fallback, false) and jobs.provider = '${apologizing}' as apology) as told
        where ${within("jobs.created_at")}
        group by jobs.message_id, jobs.conversation_id, jobs.turn
      ), told as (
        select day, count(*)::int as messages, count(*) filter (where answered)::int as by_assistant,
               count(*) filter (where not answered and by_person)::int as by_people,
               count(*) filter (where not answered and not by_person and apology)::int as apologies,
               count(*) filter (where not answered and not by_person and not apology)::int as unanswered,
               ${percentiles("wait")} as waits
        from asked ${byDay}
      )`;

/** SQL of each time that a visitor came to wait for a person, and when one wrote. */
const handoffs = `
      waited as materialized (
        select ${dayOf("began_at")} as day, reason, ${secondsOf("met.at - began_at")} as first
        from span cross join stretches
             join conversations on conversations.id = conversation_id and deleted_at is null
             left join lateral (
               select min(began_at) as at from stretches later
               where later.conversation_id = stretches.conversation_id and later.no > stretches.no and later.handled_by = 'ai'
             ) as back on true
             left join lateral (
               select min(created_at) as at from messages
               where messages.conversation_id = stretches.conversation_id and sender = 'operator' and created_at >= began_at
                 and (back.at is null or created_at < back.at)
             ) as met on true
        where stretches.site_id = $1 and stretches.handled_by = 'waiting' and reason in (${reasons}) and ${within("began_at")}
      ), met as (
        select day, count(*)::int as handoffs, count(first)::int as met, ${percentiles("first")} as firsts
        from waited ${byDay}
      ), why as (
        select day, json_object_agg(reason, times) as reasons from (
          select day, reason, count(*) as times from waited group by grouping sets ((day, reason), (reason))
        ) as counted group by day
      )`;

/** SQL of what was rated and paid. A visitor who does not say how it went with a person counts as asked alone. */
const verdicts = `
      asked_how as (
        select ${dayOf("ended_at")} as day, count(*)::int as ratings_asked, count(*) filter (where rating = 'good')::int as good,
               count(*) filter (where rating = 'bad')::int as bad
        from span cross join stretches join conversations on conversations.id = conversation_id and deleted_at is null
        where stretches.site_id = $1 and rating_asked and ${within("ended_at")} group by grouping sets ((${dayOf("ended_at")}), ())
      ),
      rated as (
        select ${dayOf("rated_at")} as day, count(*) filter (where rating = 'up')::int as up,
               count(*) filter (where rating = 'down')::int as down
        from span cross join feedback
             join messages on messages.id = message_id join conversations on conversations.id = conversation_id and conversations.site_id = $1
        where ${within("rated_at")} group by grouping sets ((${dayOf("rated_at")}), ())
      ), paid as (
        select ${dayOf("begun_at")} as day, sum(calls.cost_usd)::float8 as cost
        from span cross join calls where calls.site_id = $1 and ${within("begun_at")} group by grouping sets ((${dayOf("begun_at")}), ())
      )`;

const all = ["told", "met", "why", "asked_how", "rated", "paid"] as const;

export const reportStatement: Statement<ReportRow> = {
  name: "report",
  text: `
    with span as materialized (
      select $2::date::timestamp at time zone $4 as since, ($3::date + 1)::timestamp at time zone $4 as until
    ), ${messages}, ${handoffs}, ${verdicts}
    select to_char(days.day, 'YYYY-MM-DD') as day, coalesce(messages, 0) as messages, coalesce(by_assistant, 0) as "byAssistant",
           coalesce(by_people, 0) as "byPeople", coalesce(apologies, 0) as apologies, coalesce(unanswered, 0) as unanswered,
           waits[1] as "waitP50", waits[2] as "waitP95", coalesce(handoffs, 0) as handoffs,
           coalesce(reasons, '{}') as "handoffsByReason", coalesce(met.met, 0) as "handoffsMet", firsts[1] as "firstReplyP50",
           firsts[2] as "firstReplyP95", coalesce(ratings_asked, 0) as "ratingsAsked",
           coalesce(good, 0) as good, coalesce(bad, 0) as bad, coalesce(up, 0) as up, coalesce(down, 0) as down, coalesce(cost, 0) as "costUsd"
    from (
      select null::date as day union all select day::date from generate_series($2::date, $3::date, interval '1 day') as day
    ) as days ${all.map((part) => `left join ${part} on ${part}.day is not distinct from days.day`).join(" ")}
    order by days.day nulls first`,
};

/**
 * Counts what happened in a span of days: first the whole, then each day, also those on which nothing did.
 * @throws {SearchTooLong}
 */
export async function readReport(pool: Pool, { siteId, from, to, zone }: Span): Promise<ReportRow[]> {
  return withTimeLimit(pool, (client) => query(client, reportStatement, [siteId, from, to, zone]));
}
