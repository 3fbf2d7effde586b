import type { Config } from "../config/config.ts";
import { type Lifecycle, within } from "../process/lifecycle.ts";
import type { Logger } from "../logger.ts";
import { type ProxyEnvironment, proxyOf } from "../config/proxy-environment.ts";

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** Parent: a span of this process, or the `traceparent` of one elsewhere. Absent: the span begins a trace. */
  parent?: Span | string | null | undefined;
  kind?: "server" | "client" | "consumer";
  /** Attributes without text of a conversation and without secrets: they leave the house. */
  attributes?: Attributes;
  /** `traceparent` of a related span in another trace. */
  link?: string | undefined;
  /** Unix milliseconds; defaults to now. */
  startedAt?: number;
}

/** One piece of work in a trace. */
export interface Span {
  /** 32 hexadecimal digits; `undefined` if the span is not recorded. */
  readonly traceId: string | undefined;
  /** Context for another process to continue the trace (W3C Trace Context); `undefined` where traces are off. */
  readonly traceparent: string | undefined;
  set(attributes: Attributes): void;
  /** Records an event at this moment. */
  event(name: string): void;
  /** @param reason from a closed set of words */
  fail(reason: string): void;
  end(): void;
}

export interface Tracing {
  readonly on: boolean;
  start(name: string, options?: SpanOptions): Span;
}

/** Span that does nothing, where traces are off. */
export const noSpan: Span = {
  traceId: undefined,
  traceparent: undefined,
  set: () => undefined,
  event: () => undefined,
  fail: () => undefined,
  end: () => undefined,
};

export const noTracing: Tracing = { on: false, start: () => noSpan };

/** Maximum time at the end of a process for a collector that does not answer. */
const closeMs = 2000;

/**
 * Opens the traces of one process, sent to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`. Without one, nothing of
 * OpenTelemetry is loaded. A collector that is down costs one line in the log and the spans of that time.
 */
export async function openTracing(
  config: Pick<Config, "OTEL_EXPORTER_OTLP_ENDPOINT" | "OTEL_TRACES_SAMPLER_ARG"> & ProxyEnvironment,
  { service, log, lifecycle }: { service: string; log: Logger; lifecycle: Lifecycle },
): Promise<Tracing> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: share } = config;
  if (endpoint === undefined) return noTracing;
  const { startTracing } = await import("./open-telemetry.ts");
  const { tracing, shutdown } = startTracing({ endpoint, share, service, log, proxy: proxyOf(config) });
  lifecycle.onClose("traces", async () => {
    // Spans that a collector did not accept are lost; its outage was logged.
    await within(closeMs, shutdown()).catch(() => undefined);
  });
  return tracing;
}

const traceparentPattern = /^00-(?<traceId>[\da-f]{32})-(?<spanId>[\da-f]{16})-(?<flags>[\da-f]{2})$/;
const sampledFlag = 1;

export interface TraceParent {
  traceId: string;
  spanId: string;
  /** True if the trace is recorded. */
  sampled: boolean;
}

/** Parses a `traceparent` header; `undefined` if it is invalid. */
export function parseTraceparent(text: string | null | undefined): TraceParent | undefined {
  const { traceId, spanId, flags } = traceparentPattern.exec(text ?? "")?.groups ?? {};
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & sampledFlag) !== 0 };
}

/** Returns the id of the trace of a `traceparent`, if it is recorded. */
export function traceIdOf(traceparent: string | null | undefined): string | undefined {
  const parsed = parseTraceparent(traceparent);
  return parsed?.sampled ? parsed.traceId : undefined;
}
