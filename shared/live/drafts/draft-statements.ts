import type { Statement } from "../../postgres/statement.ts";
import type { DraftSlice } from "../live.ts";

/** Channel of the hints about jobs. */
export const liveChannel = "parley_live";

type DraftStatements = Record<"begin" | "append" | "rewrite" | "drop" | "dropStale" | "notify" | "ping", Statement> & {
  appendMany: Statement<{ jobId: string }>;
  read: Statement<DraftSlice>;
  lengths: Statement<{ length: number }>;
};

/**
 * Statements that notify as part of the write, and only if they wrote: one round trip, and no hint without something to
 * read.
 */
export const draftStatements: DraftStatements = {
  /** Begins a draft. Overwrites an earlier attempt's draft, never a later one's. */
  begin: {
    name: "live-begin-draft",
    text: `
      with begun as (
        insert into drafts (job_id, attempt, text) values ($1, $2, $3)
        on conflict (job_id) do update
          set attempt = excluded.attempt, text = excluded.text, updated_at = excluded.updated_at
          where drafts.attempt < excluded.attempt
            or (drafts.attempt = excluded.attempt and octet_length(drafts.text) = 0)
        returning job_id)
      select pg_notify('${liveChannel}', $4) from begun`,
  },
  append: {
    name: "live-append-draft",
    text: `
      with grown as (
        update drafts set text = text || $3, updated_at = now()
        where job_id = $1 and attempt = $2 and octet_length(text) = $5
        returning job_id)
      select pg_notify('${liveChannel}', $4) from grown`,
  },
  /** Appends to many drafts. Skips those that are locked. */
  appendMany: {
    name: "live-append-drafts",
    text: `
      with wanted as (
        select job_id, delta, payload
        from unnest($1::uuid[], $2::int[], $3::bytea[], $4::text[], $5::int[])
          as wanted (job_id, attempt, delta, payload, begins)
        join drafts using (job_id, attempt)
        where octet_length(drafts.text) = begins
        for update of drafts skip locked
      ), grown as (
        update drafts set text = text || delta, updated_at = now()
        from wanted where drafts.job_id = wanted.job_id
        returning drafts.job_id, payload)
      select job_id as "jobId" from grown, pg_notify('${liveChannel}', payload)`,
  },
  rewrite: {
    name: "live-rewrite-draft",
    text: `
      with rewritten as (
        insert into drafts (job_id, attempt, text) values ($1, $2, $3)
        on conflict (job_id) do update
          set attempt = excluded.attempt, text = excluded.text, updated_at = excluded.updated_at
          where drafts.attempt <= excluded.attempt
        returning job_id)
      select pg_notify('${liveChannel}', $4) from rewritten`,
  },
  read: {
    name: "live-read-draft",
    text: `
      select octet_length(text) as length, substring(text from $3::int + 1) as bytes
      from drafts where job_id = $1 and attempt = $2 and octet_length(text) > 0`,
  },
  lengths: {
    name: "live-draft-lengths",
    text: `
      select coalesce(octet_length(drafts.text), 0) as length
      from unnest($1::uuid[], $2::int[]) with ordinality as wanted (job_id, attempt, position)
      left join drafts using (job_id, attempt)
      order by wanted.position`,
  },
  drop: { name: "live-drop-draft", text: "delete from drafts where job_id = $1 and attempt <= $2" },
  dropStale: {
    name: "live-drop-stale-drafts",
    text: "delete from drafts where updated_at < now() - make_interval(secs => $1)",
  },
  notify: { name: "live-notify", text: "select pg_notify($1, $2)" },
  /** Changes nothing, yet is refused by a server that refuses writes. */
  ping: { name: "live-ping", text: "update drafts set attempt = attempt where false" },
};
