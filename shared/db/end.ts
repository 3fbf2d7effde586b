import type { Pool } from "pg";
import type { FinishReason, JobErrorCode } from "../protocol/job.ts";
import { type CallSettlement, chargeSettled, settledFrom, settlementValues } from "./calls.ts";
import { query } from "./database.ts";

/** How a job ends: with a reply or an error, or, when it was cancelled in the middle, with both. */
export interface JobEnd {
  status: "completed" | "failed" | "cancelled";
  reply?: { id: string; text: string; finishReason: FinishReason; fallback: boolean };
  errorCode?: JobErrorCode;
  provider?: string;
  model?: string;
  inputTokens?: number;
  outputTokens?: number;
  costUsd?: number | null;
  /** The reply came from the conversation's thread, which holds this turn now. */
  inThread?: boolean;
  /** From the claim to the first text. */
  firstDeltaMs?: number | undefined;
  /** The call that the reply came from: it is settled, whether or not this end is still to be had. */
  call?: CallSettlement | undefined;
}

export interface EndResult {
  /** The conversation's next job, which goes into the queue now. */
  nextJobId: string | null;
}

const endStatement = {
  name: "end-job",
  // The conversation's row is locked first, and holds the order of its jobs: so the next one is known from the newest
  // version of one row, and no job that was just accepted can be missed.
  text: `
    with locked as materialized (
      select id from conversations where id = $2 for update
    ), ended as (
      update jobs
      set status = $4, error_code = $5, provider = $6, model = $7, input_tokens = $8, output_tokens = $9,
          cost_usd = $15, reply_id = $10, reply_attempt = case when $10::uuid is not null then attempt end,
          finished_at = now(), lease_until = null, due_at = null
      from locked
      where jobs.id = $1 and jobs.attempt = $3 and jobs.status = 'active'
        and (not $14::boolean or lease_until is null or lease_until < now())
      returning jobs.conversation_id, jobs.turn, jobs.run
    ), ran as (
      update runs set ended_at = now(), outcome = $4, first_delta_ms = $17
      from ended where runs.job_id = $1 and runs.run = ended.run and not $14
    ), replied as (
      insert into messages (id, conversation_id, turn, sender, text, finish_reason, fallback)
      select $10, conversation_id, turn, 'ai', $11, $12, $13 from ended where $10::uuid is not null
    ), ${settledFrom(18)}, charged as (${chargeSettled}
    )
    update conversations
    set open_jobs = array_remove(open_jobs, $1), updated_at = now(),
        thread_turn = case when $16::boolean then ended.turn else thread_turn end,
        message_count = message_count + ($10::uuid is not null)::int
    from ended where conversations.id = ended.conversation_id
    returning open_jobs[1] as "nextJobId"`,
};

/**
 * Ends an active job: its status, its reply and the place of the next job change together, or not at all.
 * @param orphan only if nobody holds the job
 * @returns `undefined`: the attempt was not the present one any more, and nothing was written
 */
export async function endJob(
  pool: Pool,
  job: { id: string; conversationId: string; attempt: number },
  end: JobEnd,
  { orphan = false }: { orphan?: boolean } = {},
): Promise<EndResult | undefined> {
  const [result] = await query<{ nextJobId: string | null }>(pool, endStatement, [
    job.id,
    job.conversationId,
    job.attempt,
    end.status,
    end.errorCode ?? null,
    end.provider ?? null,
    end.model ?? null,
    end.inputTokens ?? null,
    end.outputTokens ?? null,
    end.reply?.id ?? null,
    end.reply?.text ?? null,
    end.reply?.finishReason ?? null,
    end.reply?.fallback ?? false,
    orphan,
    end.costUsd ?? null,
    end.inThread ?? false,
    end.firstDeltaMs ?? null,
    ...settlementValues(end.call),
  ]);
  return result;
}

const findEndStatement = {
  name: "find-end",
  text: `
    select open_jobs[1] as "nextJobId" from jobs join conversations on conversations.id = jobs.conversation_id
    where jobs.id = $1 and attempt = $2 and status = $3 and reply_id is not distinct from $4::uuid`,
};

/** Whether an end was written whose answer was lost: a reply's id is nobody else's. */
export async function findEnd(
  pool: Pool,
  job: { id: string; attempt: number },
  { status, reply }: JobEnd,
): Promise<EndResult | undefined> {
  const values = [job.id, job.attempt, status, reply?.id ?? null];
  const [result] = await query<{ nextJobId: string | null }>(pool, findEndStatement, values);
  return result;
}

const cancelQueuedStatement = {
  name: "cancel-queued-job",
  text: `
    with locked as materialized (
      select id from conversations where id = $2 for update
    ), ended as (
      update jobs set status = 'cancelled', error_code = 'cancelled', finished_at = now(), due_at = null
      from locked where jobs.id = $1 and jobs.status = 'queued'
      returning jobs.conversation_id
    )
    update conversations set open_jobs = array_remove(open_jobs, $1), updated_at = now()
    from ended where conversations.id = ended.conversation_id
    returning open_jobs[1] as "nextJobId"`,
};

/** Ends a job nobody has claimed; `undefined`: it is not queued. */
export async function cancelQueuedJob(
  pool: Pool,
  job: { id: string; conversationId: string },
): Promise<EndResult | undefined> {
  const [result] = await query<{ nextJobId: string | null }>(pool, cancelQueuedStatement, [job.id, job.conversationId]);
  return result;
}

const requestCancelStatement = {
  name: "request-cancel",
  text: `
    update jobs set cancel_requested_at = coalesce(cancel_requested_at, now())
    where id = $1 and status = 'active' returning id`,
};

/** Asks the worker of an active job to stop; it reads this with its next renewal. `false`: the job is not active. */
export async function requestCancel(pool: Pool, jobId: string): Promise<boolean> {
  return (await query(pool, requestCancelStatement, [jobId])).length === 1;
}
