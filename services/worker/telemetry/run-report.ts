import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import type { ReadingCall } from "../../../shared/db/actions/reading-call.ts";
import type { CallFault, SkippedCall } from "../../../shared/db/jobs/call-faults.ts";
import type { JobEnd } from "../../../shared/db/jobs/end.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { Span, Tracing } from "../../../shared/tracing/tracing.ts";
import type { WorkerMetrics } from "./worker-metrics.ts";

interface ReportSinks {
  metrics: WorkerMetrics;
  tracing: Tracing;
  log: Logger;
}

/** Reports one run to the log, to Prometheus, and to the trace of its message. */
export class RunReport {
  readonly #metrics: WorkerMetrics;
  readonly #job: ClaimedJob;
  readonly #beganAt = performance.now();
  /** Parent span of all work of the run. */
  readonly span: Span;
  readonly log: Logger;
  /** Calls that this run did not make. */
  readonly skippedCalls: SkippedCall[] = [];
  /** Calls of tools that read. */
  readonly toolCalls: ReadingCall[] = [];

  constructor({ metrics, tracing, log }: ReportSinks, job: ClaimedJob) {
    this.#metrics = metrics;
    this.#job = job;
    this.span = startSpan(tracing, job);
    const { traceId } = this.span;
    this.log = log.child({
      jobId: job.id,
      conversationId: job.conversationId,
      requestId: job.requestId,
      ...(traceId !== undefined && { traceId }),
    });
    metrics.claimed(job);
  }

  skipped(provider: string, attempt: number, fault: CallFault): void {
    const afterMs = Math.round(performance.now() - this.#beganAt);
    this.skippedCalls.push({ provider, attempt, afterMs, ...fault });
  }

  /** Notes a call of a tool that reads, once it is over. */
  read({ tookMs, ...call }: Omit<ReadingCall, "afterMs">): void {
    const afterMs = Math.round(performance.now() - this.#beganAt - tookMs);
    const noted = { ...call, afterMs, tookMs: Math.round(tookMs) };
    this.toolCalls.push(noted);
    this.log.info({ audit: "read-tool", ...noted }, "audit");
  }

  ended(attempt: number, end: JobEnd): void {
    const { status, errorCode, provider, model, firstDeltaMs, inputTokens, outputTokens, costUsd, reply } = end;
    const { run, sinceAcceptedMs } = this.#job;
    const ms = performance.now() - this.#beganAt;
    this.#metrics.ended(end, {
      firstText: firstDeltaMs === undefined ? undefined : sinceAcceptedMs + firstDeltaMs,
      end: sinceAcceptedMs + ms,
    });
    const fallback = reply?.fallback;
    this.log.info(
      {
        run,
        attempt,
        ms: Math.round(ms),
        ...given({ status, errorCode, provider, model, fallback, firstDeltaMs, inputTokens, outputTokens, costUsd }),
      },
      "job ended",
    );
    this.span.set({ "parley.job.status": status, ...(fallback !== undefined && { "parley.fallback": fallback }) });
    if (status === "failed") this.span.fail(errorCode ?? "failed");
    this.span.end();
  }

  /** The run is over but the job is not: another run has it, or may have it now. */
  left(how: "lost" | "released"): void {
    this.log.info({ run: this.#job.run }, how === "lost" ? "job lost to another worker" : "job released");
    this.span.fail(how);
    this.span.end();
  }

  /** Records that the run ended in an unknown way. @param error the reason */
  broke(error: unknown): void {
    this.log.error({ err: error, run: this.#job.run }, "run failed");
    this.span.fail("broke");
    this.span.end();
  }
}

function startSpan(tracing: Tracing, { id, trace, run, sinceAcceptedMs }: ClaimedJob): Span {
  if (tracing.on && run === 1) {
    tracing.start("wait in queue", { parent: trace, startedAt: Date.now() - sinceAcceptedMs }).end();
  }
  return tracing.start("answer job", {
    parent: trace,
    kind: "consumer",
    attributes: { "parley.job.id": id, "parley.run": run },
  });
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
