import { estimateTokenCount } from "tokenx";
import { v7 as uuid } from "uuid";
import type { Assistant } from "../../shared/assistants.ts";
import {
  beginCall,
  type CallEnd,
  type CallSettlement,
  type NewCall,
  settleCall,
  withdrawCall,
} from "../../shared/db/calls.ts";
import type { ClaimedJob } from "../../shared/db/claim.ts";
import { costOf, type Price } from "../../shared/prices.ts";
import { modelOf } from "../../shared/provider-catalog.ts";
import { Stopped } from "./leases.ts";
import { type Provider, ProviderError, type ProviderRequest, type TokenUsage } from "./providers/provider.ts";
import { CallReport } from "./call-report.ts";
import type { RunReport } from "./run-report.ts";
import { untilStored } from "./until-stored.ts";
import type { WorkerContext } from "./worker-context.ts";

interface CallResult {
  usage?: TokenUsage | undefined;
  /** What was written, for an estimate where the provider sent no usage. */
  text: string;
}

/** A call as it stands in the ledger, to be settled once. */
export interface LedgerCall {
  /** Its first text is there. */
  began: () => void;
  /** @returns what the end of the job settles it with, in its own statement */
  answered(result: CallResult): CallSettlement;
  /** It was not made after all. */
  withdraw(): Promise<void>;
  /** Settles one that gave no reply. */
  settle(result: CallResult & { outcome: "failed" | "stopped"; error: unknown }): Promise<void>;
  costOf(usage: TokenUsage | undefined): number | null;
}

/** Estimates are off by a tenth or two; the reserve is on the safe side. */
const safety = 1.2;
/** Some APIs take no smaller limit of output, whatever the assistant asks for. */
const leastOutputTokens = 256;

/**
 * Writes a call down before it is made.
 * @throws {ProviderError} when the assistant's budget of the day does not allow it
 * @throws {Stopped} when the job is another run's by now
 */
export async function openCall(
  context: WorkerContext,
  job: ClaimedJob,
  attempt: number,
  provider: Provider,
  request: ProviderRequest,
  { log, span }: RunReport,
): Promise<LedgerCall> {
  const { db, config, prices, takeOvers } = context;
  const { assistant } = request;
  const model = modelOf(provider.name, assistant, config);
  const price = prices.get(model);
  const inputTokens = estimatePrompt(request);
  const id = uuid();
  const call: NewCall = {
    id,
    jobId: job.id,
    attempt,
    assistantType: job.assistantType,
    provider: provider.name,
    model,
    inputTokens,
    reserve: reserveFor(assistant.budget, price, inputTokens, assistant.maxOutputTokens),
  };
  const begun = await untilStored(() => beginCall(db.pool, call), { takeOvers, log });
  if (begun === "lost") throw new Stopped("lost");
  if (begun === "refused")
    throw new ProviderError("rejected", `the budget of the assistant ${job.assistantType} is spent for today`);
  const report = new CallReport(context, span, call);
  const endAs = ({ usage, text }: CallResult, outcome: CallEnd["outcome"], error?: unknown): CallSettlement => {
    const counted = usage ?? estimateUsage(inputTokens, text, error);
    const end: CallEnd = {
      outcome,
      inputTokens: counted.inputTokens,
      cachedInputTokens: counted.cachedInputTokens ?? 0,
      cacheWriteTokens: counted.cacheWriteTokens ?? 0,
      outputTokens: counted.outputTokens,
      estimated: usage === undefined,
      costUsd: price ? costOf(price, counted) : null,
    };
    report.ended(end, error);
    return { id, end };
  };
  return {
    began: () => report.began(),
    costOf: (usage) => (price && usage ? costOf(price, usage) : null),
    answered: (result) => endAs(result, "answered"),
    async withdraw() {
      report.withdrawn();
      await untilStored(() => withdrawCall(db.pool, id), { takeOvers, log });
    },
    async settle({ outcome, error, ...result }) {
      const settlement = endAs(result, outcome, error);
      await untilStored(() => settleCall(db.pool, settlement), { takeOvers, log });
    },
  };
}

/** What a prompt will count as, about. */
function estimatePrompt({ assistant, prompt }: ProviderRequest): number {
  return prompt.reduce((sum, { text }) => sum + estimateTokenCount(text), estimateInstructions(assistant));
}

const instructionTokens = new WeakMap<Assistant, number>();

/** They can be long, and are the same in every prompt. */
function estimateInstructions(assistant: Assistant): number {
  const known = instructionTokens.get(assistant);
  if (known !== undefined) return known;
  const counted = estimateTokenCount(assistant.instructions);
  instructionTokens.set(assistant, counted);
  return counted;
}

/** A call that was turned away costs nothing; one that began to answer has used its whole prompt. */
function estimateUsage(inputTokens: number, text: string, error: unknown): TokenUsage {
  const turnedAway =
    text === "" && error instanceof ProviderError && error.code !== "timeout" && error.code !== "malformed";
  return turnedAway ? { inputTokens: 0, outputTokens: 0 } : { inputTokens, outputTokens: estimateTokenCount(text) };
}

function reserveFor(
  budgetUsd: number | undefined,
  price: Price | undefined,
  inputTokens: number,
  outputTokens: number,
) {
  // Without a price nothing could be charged; the start has refused such a budget.
  if (budgetUsd === undefined || !price) return undefined;
  return {
    usd: costOf(price, {
      inputTokens: Math.ceil(inputTokens * safety),
      outputTokens: Math.max(outputTokens, leastOutputTokens),
    }),
    budgetUsd,
  };
}
