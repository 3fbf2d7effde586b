import { v7 as uuid } from "uuid";
import {
  beginCall,
  type CallEnd,
  type CallSettlement,
  type NewCall,
  settleCall,
  withdrawCall,
} from "../../../shared/db/jobs/calls.ts";
import { highestCostOf, type Price } from "../../../shared/assistants/prices.ts";
import { modelOf } from "../../../shared/assistants/provider-catalog.ts";
import { BudgetExceeded, describeFault } from "./describe-fault.ts";
import { limitsOf } from "./call-limits.ts";
import { CallReport } from "../telemetry/call-report.ts";
import type { ReplyRun } from "../run/reply-run.ts";
import { Stopped } from "../run/leases.ts";
import { Meter } from "../providers/meter.ts";
import type { Provider, ProviderRequest, TokenUsage } from "../providers/provider.ts";
import { costOfSpent, costOfUsage, type TokenLimits, mostSpent, nothing, type Spent, costsNothing } from "./spent.ts";
import { untilStored } from "../run/until-stored.ts";
import type { WorkerContext } from "../worker-context.ts";

export type LedgerContext = Pick<WorkerContext, "db" | "config" | "prices" | "reclaimGuard" | "metrics" | "tracing">;

/**
 * Records a call in the ledger before it is made.
 * @throws {BudgetExceeded} when the call would exceed the assistant's daily budget
 * @throws {Stopped} when this run no longer holds the job
 */
export async function openCall(
  context: LedgerContext,
  { job, draft, report: run, forOperator }: ReplyRun,
  provider: Provider,
  request: ProviderRequest,
): Promise<LedgerCall> {
  const { db, config, prices, reclaimGuard } = context;
  const { assistant } = request;
  const model = modelOf(provider.name, assistant, config);
  const price = prices.get(model);
  const limits = limitsOf(provider, request, job);
  const call: NewCall = {
    id: uuid(),
    jobId: job.id,
    attempt: draft.attempt,
    suggestion: forOperator === true,
    siteId: job.siteId,
    assistantType: job.assistantType,
    provider: provider.name,
    model,
    ...limits,
    reserve: price && { usd: highestCostOf(price, limits), budgetUsd: assistant.budget },
  };
  const begun = await untilStored(() => beginCall(db.pool, call), { reclaimGuard, log: run.log });
  if (begun === "lost") throw new Stopped("lost");
  if (begun === "refused") throw new BudgetExceeded(job.assistantType);
  return new LedgerCall(context, { id: call.id, price, limits, report: new CallReport(context, run.span, call), run });
}

interface BegunCall {
  id: string;
  price: Price | undefined;
  limits: TokenLimits;
  report: CallReport;
  run: ReplyRun["report"];
}

/** Ledger entry of one call, settled once. */
export class LedgerCall {
  readonly #context: Pick<LedgerContext, "db" | "reclaimGuard">;
  readonly #call: BegunCall;
  readonly #meter = new Meter();
  #sent = false;

  constructor(context: Pick<LedgerContext, "db" | "reclaimGuard">, call: BegunCall) {
    this.#context = context;
    this.#call = call;
  }

  /** Returns the request to send. From here on the call may cost money. */
  send(request: ProviderRequest): ProviderRequest {
    this.#sent = true;
    return { ...request, meter: this.#meter };
  }

  /** Records the first text. */
  began(): void {
    this.#call.report.began();
  }

  costOf(usage: TokenUsage | undefined): number | null {
    const { price } = this.#call;
    return usage ? costOfUsage(price, usage) : null;
  }

  /** @returns the settlement, stored in the statement that ends the job */
  answered(usage: TokenUsage | undefined): CallSettlement {
    const spent = usage ? { usage, estimated: false } : mostSpent(this.#meter, this.#call.limits);
    return this.#end(spent, "answered");
  }

  /** Settles an answered call that another one follows: the reply is not whole yet. */
  async settleAnswered(usage: TokenUsage | undefined): Promise<void> {
    const settlement = this.answered(usage);
    await this.#store(() => settleCall(this.#context.db.pool, settlement));
  }

  /** Removes the entry: the call was not made. */
  async withdraw(): Promise<void> {
    const { id, report } = this.#call;
    report.withdrawn();
    await this.#store(() => withdrawCall(this.#context.db.pool, id));
  }

  /** Settles a call that gave no reply. */
  async settle({ outcome, error }: { outcome: "failed" | "stopped"; error: unknown }): Promise<void> {
    const free = !this.#sent || costsNothing(this.#meter, error);
    const settlement = this.#end(free ? nothing : mostSpent(this.#meter, this.#call.limits), outcome, error);
    await this.#store(() => settleCall(this.#context.db.pool, settlement));
  }

  #end(spent: Spent, outcome: CallEnd["outcome"], error?: unknown): CallSettlement {
    const { id, price, report } = this.#call;
    const { usage, estimated } = spent;
    const end: CallEnd = {
      outcome,
      inputTokens: usage.inputTokens,
      cachedInputTokens: usage.cachedInputTokens ?? 0,
      cacheWriteTokens: usage.cacheWriteTokens ?? 0,
      outputTokens: usage.outputTokens,
      estimated,
      costUsd: costOfSpent(price, spent),
      ...(outcome !== "answered" && { fault: describeFault(error, this.#meter.begun) }),
    };
    report.ended(end, error);
    return { id, end };
  }

  #store(write: () => Promise<void>): Promise<void> {
    return untilStored(write, { reclaimGuard: this.#context.reclaimGuard, log: this.#call.run.log });
  }
}
