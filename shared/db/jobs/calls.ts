import type { Pool } from "pg";
import { interval, leaseMs, staleLeaseMs, suggestionMs } from "../../tunables.ts";
import { query } from "../database.ts";
import { byIds } from "../batch-sql.ts";
import { batched } from "../batched.ts";
import type { CallFault } from "./call-faults.ts";
import type { Columns, Rows } from "../schema/tables.ts";
import type { Statement } from "../../postgres/statement.ts";

export interface NewCall {
  id: string;
  jobId: string;
  attempt: number;
  /** True if the call is made for a suggestion, whose id is in place of a job's. */
  suggestion?: boolean;
  siteId: string;
  assistantType: string;
  provider: string;
  model: string;
  /** Maximum tokens until the call is settled. The same holds for `outputTokens`. */
  inputTokens: number;
  outputTokens: number;
  /**
   * Maximum cost in USD; absent if its model has no price. `budgetUsd` is the assistant's daily limit, if it has one.
   */
  reserve?: { usd: number; budgetUsd?: number | undefined } | undefined;
}

const staleLease = interval(staleLeaseMs);
/** Time after which a call without an end is its dead worker's: one lease. */
const lostAfter = interval(leaseMs);

/**
 * The newest version of the day's row decides, so parallel calls together never exceed the budget. A call that costs
 * nothing is always allowed.
 * @param held CTEs that end with `held`: a row if the call may be made
 */
function beginStatement(name: string, held: string): Statement<{ result: BeginResult }> {
  return {
    name,
    text: `
    with ${held}, reserved as (
      insert into budgets (site_id, assistant_type, day, reserved_usd)
      select $11, $4, (now() at time zone 'utc')::date, $8 from held where $8::float8 <= $9::float8
      on conflict (site_id, assistant_type, day) do update set reserved_usd = budgets.reserved_usd + excluded.reserved_usd
        where excluded.reserved_usd = 0 or budgets.settled_usd + budgets.reserved_usd + excluded.reserved_usd <= $9
      returning day
    ), begun as (
      insert into calls (id, job_id, attempt, site_id, assistant_type, provider, model, input_tokens, output_tokens,
                         estimated, reserved_usd, budget_day)
      select $1, $2, $3, $11, $4, $5, $6, $7, $10, true, coalesce($8, 0), reserved.day
      from held left join reserved on true
      where $9 is null or reserved.day is not null
      returning id
    )
    select case when exists (select from begun) then 'begun' when exists (select from held) then 'refused'
                else 'lost' end as result`,
  };
}

export const beginCallStatement = beginStatement(
  "begin-call",
  // An expired lease may be another worker's in the next moment. So it is renewed with the call, or the call is not made.
  `job as materialized (
      select id, attempt, status, lease_until < now() + ${staleLease} as stale from jobs where id = $2
    ), mine as (
      select id, status, stale from job where attempt = $3 and status = 'active'
    ), renewed as (
      update jobs set lease_until = now() + ${interval(leaseMs)}
      from mine where mine.stale and jobs.id = mine.id and jobs.attempt = $3 and jobs.status = mine.status
      returning true
    ), held as (
      select from mine where not stale union all select from renewed
    )`,
);

export const beginSuggestionCallStatement = beginStatement(
  "begin-suggestion-call",
  `held as (select from suggestions where id = $2 and state = 'claimed' and expires_at > now())`,
);

export const beginCallsStatement: Statement<Columns<"calls", "id">> = {
  name: "begin-calls",
  text: `
    with job as materialized (
      select jobs.* from ${byIds("jobs", "id, attempt, status, lease_until", "$1")}
    )
    insert into calls (id, job_id, attempt, site_id, assistant_type, provider, model, input_tokens, output_tokens,
                       estimated, reserved_usd)
    select item.id, "jobId", item.attempt, "siteId", "assistantType", item.provider, item.model, "inputTokens", "outputTokens", true,
           coalesce((reserve->>'usd')::float8, 0)
    from json_to_recordset($2::json) as item(
           id uuid, "jobId" uuid, attempt int, "siteId" text, "assistantType" text, provider text, model text, "inputTokens" int,
           "outputTokens" int, reserve json)
    join job on job.id = "jobId"
    where job.attempt = item.attempt and status = 'active' and lease_until >= now() + ${staleLease}
    on conflict (id) do nothing
    returning id`,
};

/** Begins calls that charge no budget, on leases that need no renewal. */
const beginFreeCall = batched({
  async runBatch(pool, calls: readonly NewCall[]) {
    const values = [calls.map(({ jobId }) => jobId), JSON.stringify(calls)];
    const begun = new Set((await query(pool, beginCallsStatement, values)).map(({ id }) => id));
    return calls.map(({ id }) => (begun.has(id) ? { result: "begun" as const } : undefined));
  },
  runOne: beginOne,
});

/** `refused`: the day's budget does not allow it. `lost`: the attempt is no longer current. */
export type BeginResult = "begun" | "refused" | "lost";

/**
 * Inserts a call before it is made, and reserves its maximum cost. Idempotent.
 * @returns whether it may be made; unless it is `begun`, nothing was written
 */
export async function beginCall(pool: Pool, call: NewCall): Promise<BeginResult> {
  return call.reserve?.budgetUsd === undefined && !call.suggestion ? beginFreeCall(pool, call) : beginOne(pool, call);
}

async function beginOne(pool: Pool, call: NewCall): Promise<BeginResult> {
  const { reserve } = call;
  const values = [
    call.id,
    call.jobId,
    call.attempt,
    call.assistantType,
    call.provider,
    call.model,
    call.inputTokens,
    reserve?.usd ?? null,
    reserve?.budgetUsd ?? null,
    call.outputTokens,
    call.siteId,
  ];
  try {
    const [row] = await query(pool, call.suggestion ? beginSuggestionCallStatement : beginCallStatement, values);
    return row?.result ?? "lost";
  } catch (error) {
    // An earlier try inserted it, and its response was lost.
    if (error instanceof Error && "constraint" in error && error.constraint === "calls_pkey") return "begun";
    throw error;
  }
}

export interface CallEnd {
  outcome: Exclude<Rows["calls"]["outcome"], "lost" | null>;
  inputTokens: number;
  cachedInputTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  /** True if the provider did not send the whole usage; the rest is the maximum it may have been. */
  estimated: boolean;
  costUsd: number | null;
  /** Absent if the call was answered. */
  fault?: CallFault;
}

/** Final usage and cost of a call, stored in the statement that ends its job. */
export interface CallSettlement {
  id: string;
  end: CallEnd;
}

/**
 * CTEs that charge the rows of a CTE `settled` to the budgets of their days. Budget rows are locked in one order, so
 * that statements settling calls of several assistants never wait for each other.
 */
export const charged = `sums as (
    select site_id, assistant_type, budget_day, sum(reserved_usd) as reserved, sum(coalesce(cost_usd, 0)) as cost
    from settled where budget_day is not null group by site_id, assistant_type, budget_day
  ), charging as materialized (
    select sums.* from sums join budgets
      on budgets.site_id = sums.site_id and budgets.assistant_type = sums.assistant_type and day = budget_day
    order by budgets.site_id, budgets.assistant_type, day for no key update of budgets
  ), charged as (
    update budgets
    set reserved_usd = greatest(0, budgets.reserved_usd - charging.reserved), settled_usd = settled_usd + charging.cost
    from charging
    where budgets.site_id = charging.site_id and budgets.assistant_type = charging.assistant_type
      and budgets.day = charging.budget_day
  )`;

/** Columns of a JSON record that settles a call, for `settled`; see `settlementItem`. */
export const settlementColumns = `
  "callId" uuid, outcome text, "callInputTokens" int, "cachedInputTokens" int, "cacheWriteTokens" int, "callOutputTokens" int,
  estimated boolean, "callCostUsd" float8, "callErrorCode" text, "callErrorStatus" int, "callErrorDetail" text`;

/** CTE that settles calls, each once, from the records of a CTE `item`. */
export const settled = `settled as (
    update calls
    set settled_at = now(), outcome = item.outcome, input_tokens = "callInputTokens",
        cached_input_tokens = "cachedInputTokens", cache_write_tokens = "cacheWriteTokens",
        output_tokens = "callOutputTokens", estimated = item.estimated, cost_usd = "callCostUsd",
        error_code = "callErrorCode", error_status = "callErrorStatus", error_detail = "callErrorDetail"
    from item where calls.id = "callId" and settled_at is null
    returning site_id, assistant_type, budget_day, reserved_usd, cost_usd
  )`;

export function settlementItem(settlement: CallSettlement | undefined): Record<string, unknown> {
  if (!settlement) return {};
  const { id, end } = settlement;
  return {
    callId: id,
    outcome: end.outcome,
    callInputTokens: end.inputTokens,
    cachedInputTokens: end.cachedInputTokens,
    cacheWriteTokens: end.cacheWriteTokens,
    callOutputTokens: end.outputTokens,
    estimated: end.estimated,
    callCostUsd: end.costUsd,
    callErrorCode: end.fault?.code,
    callErrorStatus: end.fault?.status,
    callErrorDetail: end.fault?.detail,
  };
}

export const settleCallStatement: Statement = {
  name: "settle-call",
  text: `
    with item as (select * from json_to_record($1::json) as item(${settlementColumns})), ${settled}, ${charged}
    select from settled`,
};

/** Settles a call: its reservation becomes its cost. Idempotent. */
export async function settleCall(pool: Pool, settlement: CallSettlement): Promise<void> {
  await query(pool, settleCallStatement, [JSON.stringify(settlementItem(settlement))]);
}

export const withdrawCallStatement: Statement = {
  name: "withdraw-call",
  text: `
    with settled as (
      delete from calls where id = $1 and settled_at is null
      returning site_id, assistant_type, budget_day, reserved_usd, cost_usd
    ), ${charged}
    select from settled`,
};

/** Removes a call that was inserted but not made, and frees its reservation. */
export async function withdrawCall(pool: Pool, id: string): Promise<void> {
  await query(pool, withdrawCallStatement, [id]);
}

export const settleLostCallsStatement: Statement<{ count: number }> = {
  name: "settle-lost-calls",
  text: `
    with lost as (
      select calls.id from calls left join jobs on jobs.id = calls.job_id
      where calls.settled_at is null and calls.begun_at < now() - ${lostAfter}
        and (jobs.attempt > calls.attempt or jobs.finished_at < now() - ${lostAfter}
             or jobs.id is null and calls.begun_at < now() - ${interval(suggestionMs)} - ${lostAfter})
      order by calls.id limit 1000 for update of calls skip locked
    ), settled as (
      update calls set settled_at = now(), outcome = 'lost', cost_usd = nullif(reserved_usd, 0)
      from lost where calls.id = lost.id
      returning site_id, assistant_type, budget_day, reserved_usd, cost_usd
    ), ${charged}
    select count(*)::int as count from settled`,
};

/**
 * Settles the calls of workers that died. Only the provider knows the cost of such a call, so the ledger and the budget
 * keep the maximum.
 * @returns how many were settled
 */
export async function settleLostCalls(pool: Pool): Promise<number> {
  const [lost] = await query(pool, settleLostCallsStatement, []);
  return lost?.count ?? 0;
}
