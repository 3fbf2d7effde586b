import type { Config } from "../config/config.ts";
import { type Lifecycle, within } from "../process/lifecycle.ts";
import type { Logger } from "../logger.ts";
import { type ProxyEnvironment, proxyOf } from "../config/proxy-environment.ts";

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** What it is a part of: a span of this process, or the `traceparent` of one elsewhere. Absent: it begins a trace. */
  parent?: Span | string | null | undefined;
  kind?: "server" | "client" | "consumer";
  /** Never text of a conversation, never a secret: they leave the house. */
  attributes?: Attributes;
  /** The `traceparent` of something that belongs to it, but stands in a trace of its own. */
  link?: string | undefined;
  /** Unix milliseconds; absent: now. */
  startedAt?: number;
}

/** One piece of work in a trace. */
export interface Span {
  /** 32 hexadecimal digits; absent where this is not recorded. */
  readonly traceId: string | undefined;
  /** What another process needs to go on with the trace (W3C Trace Context); absent where traces are off. */
  readonly traceparent: string | undefined;
  set(attributes: Attributes): void;
  /** Something that happened at this moment. */
  event(name: string): void;
  /** @param reason from a closed set of words */
  fail(reason: string): void;
  end(): void;
}

export interface Tracing {
  readonly on: boolean;
  start(name: string, options?: SpanOptions): Span;
}

/** What traces are where they are off: nothing. */
export const noSpan: Span = {
  traceId: undefined,
  traceparent: undefined,
  set: () => undefined,
  event: () => undefined,
  fail: () => undefined,
  end: () => undefined,
};

export const noTracing: Tracing = { on: false, start: () => noSpan };

/** What a collector that does not answer may cost at the end of a process. */
const closeMs = 2000;

/**
 * Traces of one process, to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`; where there is none, nothing of OpenTelemetry is
 * loaded. A collector that is away costs one line in the log and the spans of that time.
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
    // What a collector that is away would not take is lost; its absence was logged.
    await within(closeMs, shutdown()).catch(() => undefined);
  });
  return tracing;
}

const traceparentPattern = /^00-(?<traceId>[\da-f]{32})-(?<spanId>[\da-f]{16})-(?<flags>[\da-f]{2})$/;
const sampledFlag = 1;

export interface TraceParent {
  traceId: string;
  spanId: string;
  /** Whether it is recorded. */
  sampled: boolean;
}

/** Reads a `traceparent` header; `undefined` for what is none. */
export function parseTraceparent(text: string | null | undefined): TraceParent | undefined {
  const { traceId, spanId, flags } = traceparentPattern.exec(text ?? "")?.groups ?? {};
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & sampledFlag) !== 0 };
}

/** The id of the trace a `traceparent` stands in, if it is recorded. */
export function traceIdOf(traceparent: string | null | undefined): string | undefined {
  const parsed = parseTraceparent(traceparent);
  return parsed?.sampled ? parsed.traceId : undefined;
}
