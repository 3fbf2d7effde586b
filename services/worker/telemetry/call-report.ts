import type { CallEnd } from "../../../shared/db/jobs/calls.ts";
import type { Span, Tracing } from "../../../shared/tracing/tracing.ts";
import { ProviderError } from "../providers/provider.ts";
import type { CallOutcome, WorkerMetrics } from "./worker-metrics.ts";

/** Reports one provider call to Prometheus and to the trace of its message. */
export class CallReport {
  readonly #metrics: WorkerMetrics;
  readonly #provider: string;
  readonly #model: string;
  readonly #beganAt = performance.now();
  readonly #span: Span;

  /** @param parent span of the run */
  constructor(
    { metrics, tracing }: { metrics: WorkerMetrics; tracing: Tracing },
    parent: Span,
    { provider, model }: { provider: string; model: string },
  ) {
    this.#metrics = metrics;
    this.#provider = provider;
    this.#model = model;
    const attributes = { "gen_ai.provider.name": provider, "gen_ai.request.model": model };
    this.#span = tracing.start("call provider", { parent, kind: "client", attributes });
  }

  /** Records the first text. */
  began(): void {
    this.#metrics.callBegan(this.#provider, performance.now() - this.#beganAt);
    this.#span.event("first text");
  }

  withdrawn(): void {
    this.#span.event("not made");
    this.#span.end();
  }

  ended(end: CallEnd, error: unknown): void {
    const outcome = describeOutcome(end.outcome, error);
    const seconds = (performance.now() - this.#beganAt) / 1000;
    this.#metrics.callEnded({ provider: this.#provider, model: this.#model, outcome, seconds, end });
    this.#span.set({
      "gen_ai.usage.input_tokens": end.inputTokens,
      "gen_ai.usage.output_tokens": end.outputTokens,
    });
    if (outcome !== "answered") this.#span.fail(outcome);
    this.#span.end();
  }
}

/** Maps an outcome to a closed set of words, so that metric labels stay few. */
function describeOutcome(outcome: CallEnd["outcome"], error: unknown): CallOutcome["outcome"] {
  if (outcome !== "failed") return outcome;
  return error instanceof ProviderError ? error.code : "error";
}
