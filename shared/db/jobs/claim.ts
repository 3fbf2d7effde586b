import type { Pool } from "pg";
import { interval, leaseMs, maxCrashes } from "../../tunables.ts";
import type { BatchResult } from "../../async/batch/batch-work.ts";
import { byIds, skipLocked } from "../batch-sql.ts";
import { batched } from "../batched.ts";
import { isPaused } from "../voices/assistant-pauses.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import type { Statement } from "../../postgres/statement.ts";

/** Newest messages that a provider is shown. */
export const maxPromptMessages = 100;

const lease = interval(leaseMs);
/**
 * True if the job was released, or its lease expired and reclaims are allowed. They are paused after an outage, so that
 * living workers can renew their leases.
 */
function reclaimable(mayReclaim: string): string {
  return `(jobs.lease_until is null or jobs.lease_until < now() and ${mayReclaim})`;
}

export interface ClaimedJob extends JobColumns, Columns<"conversations", "metadata" | "site_id"> {
  /** Last earlier turn that has a message; 0 if there is none. */
  previousTurn: number;
  /**
   * The conversation's state at a provider, and the last turn it contains. Null for a message that replaces one: the
   * thread holds what was replaced.
   */
  thread: { provider: string; id: string; turn: number | null } | null;
  /** Time since the first claim, by the database's clock. */
  ageMs: number;
  /** Time since acceptance, by the database's clock. */
  sinceAcceptedMs: number;
  /** True if the site has knowledge to answer from. */
  knowsSite: boolean;
  /** The conversation up to this job's own message, oldest first, without the turns that were replaced. */
  history: Columns<"messages", "sender" | "text" | "imported">[];
}

type JobColumns = Columns<
  "jobs",
  | "id"
  | "conversation_id"
  | "message_id"
  | "run"
  | "attempt"
  | "assistant_type"
  | "provider_override"
  | "request_id"
  | "trace"
  | "turn"
  | "action_id"
  | "claims"
>;

/** A job whose row was not locked elsewhere; all but its id is null if it could not be claimed. */
type ClaimRow = ClaimedJob | (Record<Exclude<keyof ClaimedJob, "id">, null> & { id: string });

const paused = isPaused("conversations.site_id", "jobs.assistant_type");
/**
 * True if the AI may go on: it has the conversation, or a person is waited for and the reply had begun before. A handoff
 * that is due comes first. A pause stops what has not begun.
 */
const answeredByAi = `(handled_by = 'ai' and handoff_due is null and not ${paused}
            or handled_by <> 'operator' and status = 'active')`;

function claimStatement(name: string, lock: string): Statement<ClaimRow> {
  return {
    name,
    text: `
      with item as materialized (
        select * from unnest((select $1::uuid[]), (select $2::boolean[]), (select $3::text[])) as item(id, reclaim, worker)
      ), locked as materialized (
        select jobs.* from ${byIds("jobs", "id, conversation_id, assistant_type, status, lease_until, deaths, cancel_requested_at", "$1", lock)}
      ), free as materialized (
        select jobs.id, worker, site_id, metadata, thread_id, thread_provider, thread_turn, replaced_turns
        from locked as jobs join item on item.id = jobs.id join conversations on conversations.id = jobs.conversation_id
        where conversations.deleted_at is null and conversations.open_jobs[1] = jobs.id and ${answeredByAi}
          and (status = 'queued' or status = 'active' and ${reclaimable("reclaim")})
          and cancel_requested_at is null
          and deaths + (jobs.lease_until is not null)::int < ${maxCrashes}
      ), claimed as (
        update jobs
        set status = 'active', run = run + 1, attempt = attempt + 1, lease_until = now() + ${lease},
            deaths = deaths + (jobs.lease_until is not null)::int, started_at = coalesce(started_at, now())
        from free where jobs.id = free.id
        returning jobs.*, worker, site_id, metadata, replaced_turns, case
          when thread_id is not null and (select replaces is null from messages where id = jobs.message_id) then
          json_build_object('provider', thread_provider, 'id', thread_id, 'turn', thread_turn) end as thread
      ), ran as (
        insert into runs (job_id, run, attempt, worker) select id, run, attempt, worker from claimed
      )
      select locked.id, claimed.conversation_id as "conversationId", message_id as "messageId", site_id as "siteId",
             exists (select from knowledge_bases where site_id = claimed.site_id) as "knowsSite", run, attempt, claimed.assistant_type as "assistantType",
             provider_override as "providerOverride", request_id as "requestId", trace, turn, action_id as "actionId", claims, thread, metadata,
             (select coalesce(max(turn), 0) from messages
              where conversation_id = claimed.conversation_id and turn < claimed.turn) as "previousTurn",
             (extract(epoch from now() - started_at) * 1000)::float8 as "ageMs",
             (extract(epoch from now() - created_at) * 1000)::float8 as "sinceAcceptedMs",
             (select coalesce(json_agg(json_build_object('sender', sender, 'text', text, 'imported', imported)
                                       order by turn, sender desc), '[]')
              from (select turn, sender, text, imported from messages
                    where conversation_id = claimed.conversation_id
                      and (turn < claimed.turn and turn <> all(replaced_turns) or turn = claimed.turn and sender = 'user')
                    order by turn desc, sender limit ${maxPromptMessages}) as newest) as history
      from locked left join claimed using (id)`,
  };
}

export const claimOneStatement = claimStatement("claim-job", "for no key update");
export const claimBatchStatement = claimStatement("claim-jobs", skipLocked);

interface Claim {
  jobId: string;
  /** True if an expired lease may be reclaimed too. */
  reclaim: boolean;
  /** The claiming worker, for the record. */
  worker: string;
}

/** @returns results by position; `undefined`: its row was locked and skipped, or does not exist */
async function claim(
  pool: Pool,
  statement: Statement<ClaimRow>,
  claims: readonly Claim[],
): Promise<BatchResult<ClaimedJob | undefined>[]> {
  const ids = claims.map(({ jobId }) => jobId);
  const values = [ids, claims.map(({ reclaim }) => reclaim), claims.map(({ worker }) => worker)];
  const rows = await query(pool, statement, values);
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = found.get(id);
    return row && { result: row.run === null ? undefined : row };
  });
}

/**
 * Claims a job for a worker, if it is the head of its conversation and not held by another. Concurrent claims share a
 * statement.
 * @returns the job with its prompt; `undefined`: it cannot be claimed, `readSnapshots` says why
 */
export const claimJob = batched({
  keyOf: ({ jobId }: Claim) => jobId,
  runBatch: (pool, claims) => claim(pool, claimBatchStatement, claims),
  runOne: async (pool, one) => (await claim(pool, claimOneStatement, [one]))[0]?.result,
});

/** State of a job whose claim was refused. */
export interface JobSnapshot extends Columns<
  "jobs",
  "id" | "conversation_id" | "request_id" | "status" | "error_code" | "attempt"
> {
  head: boolean;
  /** True if it is active and released, or its lease expired and may be reclaimed. */
  reclaimable: boolean;
  /** Time until its lease expires; 0 or less once it has. */
  leaseLeftMs: number;
  cancelRequested: boolean;
  /** True if its conversation is to be handed to a person first. */
  handoffDue: boolean;
  /** True if the AI of its assistant is paused. */
  paused: boolean;
  /** Runs that killed their worker, including this one if it is reclaimable. */
  crashes: number;
}

export const snapshotStatement: Statement<JobSnapshot> = {
  name: "job-snapshot",
  text: `
    select jobs.id, conversation_id as "conversationId", request_id as "requestId", status, error_code as "errorCode", attempt,
           coalesce(open_jobs[1] = jobs.id, false) as head, status = 'active' and ${reclaimable("$2")} as reclaimable,
           coalesce(extract(epoch from lease_until - now()) * 1000, 0)::float8 as "leaseLeftMs",
           cancel_requested_at is not null as "cancelRequested", handoff_due is not null as "handoffDue", ${paused} as paused,
           deaths + (lease_until is not null)::int as crashes
    from jobs join conversations on conversations.id = jobs.conversation_id
    where jobs.id = any($1::uuid[])`,
};

/** @param options.reclaim whether an expired lease may be reclaimed, as for `claimJob` */
export async function readSnapshots(
  pool: Pool,
  jobIds: readonly string[],
  { reclaim }: { reclaim: boolean },
): Promise<JobSnapshot[]> {
  return query(pool, snapshotStatement, [jobIds, reclaim]);
}

/** A job that a worker still holds. */
interface HeldJob {
  id: string;
  cancelRequested: boolean;
}

export const renewLeasesStatement: Statement<HeldJob> = {
  name: "renew-leases",
  // A job whose row is locked is about to change: its lease waits for the next time, and the others for nobody. Renewals that
  // waited for rows in turn, beside deletions and ends, locked each other out. Once its lease has expired, the lock may be
  // that of another worker's claim.
  text: `
    with held as materialized (
      select jobs.id, wanted.run, requested, leased from unnest($1::uuid[], $2::int[]) as wanted(id, run) cross join lateral (
        select id, cancel_requested_at is not null as requested, lease_until > now() as leased from jobs
        where id = wanted.id and run = wanted.run and status = 'active' limit 1
      ) as jobs
    ), free as materialized (
      select jobs.id from held cross join lateral (
        select id from jobs where id = held.id and run = held.run and status = 'active' ${skipLocked}
      ) as jobs
    ), renewed as (
      update jobs set lease_until = now() + ${lease} from free where jobs.id = free.id
    )
    select id, requested as "cancelRequested" from held where leased or id in (select id from free)`,
};

/** Renews the leases of all jobs a worker holds. A job that is not returned is no longer held by it. */
export async function renewLeases(pool: Pool, held: readonly { id: string; run: number }[]): Promise<HeldJob[]> {
  return query(pool, renewLeasesStatement, [held.map(({ id }) => id), held.map(({ run }) => run)]);
}

export const holdsAttemptStatement: Statement = {
  name: "holds-attempt",
  text: `select from jobs where id = $1 and attempt = $2 and status = 'active'`,
};

/** True if an attempt is still the current one of an active job. */
export async function holdsAttempt(pool: Pool, jobId: string, attempt: number): Promise<boolean> {
  return (await query(pool, holdsAttemptStatement, [jobId, attempt])).length === 1;
}

export const raiseAttemptStatement: Statement<Columns<"jobs", "attempt">> = {
  name: "raise-attempt",
  text: `
    update jobs set attempt = $3::int + 1
    where id = $1 and run = $2 and attempt in ($3, $3 + 1) and status = 'active' returning attempt`,
};

/** Begins a new attempt within a run; may be repeated. `undefined`: the job no longer belongs to this run. */
export async function raiseAttempt(
  pool: Pool,
  { id, run }: { id: string; run: number },
  attempt: number,
): Promise<number | undefined> {
  const [raised] = await query(pool, raiseAttemptStatement, [id, run, attempt]);
  return raised?.attempt;
}

export const releaseJobStatement: Statement<Columns<"jobs", "id">> = {
  name: "release-job",
  text: `
    with released as (
      update jobs set lease_until = null where id = $1 and attempt = $2 and status = 'active' returning id, run
    ), ran as (
      update runs set ended_at = now(), outcome = 'released'
      from released where runs.job_id = released.id and runs.run = released.run
    )
    select id from released`,
};

/** Releases an active job, so that another worker may claim it at once. */
export async function releaseJob(pool: Pool, jobId: string, attempt: number): Promise<boolean> {
  return (await query(pool, releaseJobStatement, [jobId, attempt])).length === 1;
}
