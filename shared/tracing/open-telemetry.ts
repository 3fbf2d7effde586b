import { type Context, type Link, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import type { Span as OtelSpan, SpanContext, Tracer } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { hostname } from "node:os";
import type { Logger } from "../logger.ts";
import type { ProxyEnvironment } from "../config/proxy-environment.ts";
import { parseTraceparent } from "./traceparent.ts";
import type { Attributes, Span, SpanOptions, Tracing } from "./tracing.ts";

interface TracingOptions {
  endpoint: string;
  /** Share of recorded traces among those that begin here; continued ones follow their parent. */
  share: number;
  service: string;
  log: Logger;
  proxy: ProxyEnvironment;
}

/** Interval of exports; a trace can be read about as soon as its message is answered. */
const deliverEveryMs = 1000;
const deliveryTimeoutMs = 4000;

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER };

/** Starts tracing; only imported where traces are on. Nothing is registered globally: spans are passed explicitly. */
export function startTracing({ endpoint, share, service, log, proxy }: TracingOptions): {
  tracing: Tracing;
  shutdown: () => Promise<void>;
} {
  const url = new URL("v1/traces", endpoint.endsWith("/") ? endpoint : `${endpoint}/`).href;
  const httpAgentOptions = { keepAlive: true, proxyEnv: { ...proxy } };
  const exporter = telling(new OTLPTraceExporter({ url, timeoutMillis: deliveryTimeoutMs, httpAgentOptions }), log);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.name": `parley-${service}`,
      "service.namespace": "parley",
      "service.instance.id": `${hostname()}:${process.pid}`,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: deliverEveryMs,
        exportTimeoutMillis: deliveryTimeoutMs + 1000,
      }),
    ],
  });
  const tracer = provider.getTracer("parley");
  return {
    tracing: { on: true, start: (name, options) => new RecordedSpan(tracer, name, options) },
    shutdown: () => provider.shutdown(),
  };
}

class RecordedSpan implements Span {
  readonly #span: OtelSpan;
  readonly traceId: string | undefined;
  readonly traceparent: string;

  constructor(tracer: Tracer, name: string, options: SpanOptions = {}) {
    const { parent, kind, attributes, link, startedAt } = options;
    const links = toLinks(link);
    this.#span = tracer.startSpan(
      name,
      {
        ...(kind && { kind: kinds[kind] }),
        ...(attributes && { attributes: { ...attributes } }),
        ...(links && { links }),
        ...(startedAt !== undefined && { startTime: startedAt }),
      },
      contextOf(parent),
    );
    const { traceId, spanId, traceFlags } = this.#span.spanContext();
    const sampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
    this.traceId = sampled ? traceId : undefined;
    this.traceparent = `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes({ ...attributes });
  }

  event(name: string): void {
    this.#span.addEvent(name);
  }

  fail(reason: string): void {
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
  }

  end(): void {
    this.#span.end();
  }
}

function contextOf(parent: SpanOptions["parent"]): Context {
  const isRemote = typeof parent === "string";
  const context = toSpanContext(isRemote ? parent : parent?.traceparent, isRemote);
  return context === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, context);
}

function toLinks(link: string | undefined): Link[] | undefined {
  const context = toSpanContext(link, true);
  return context && [{ context }];
}

function toSpanContext(traceparent: string | undefined, isRemote: boolean): SpanContext | undefined {
  const parsed = parseTraceparent(traceparent);
  if (!parsed) return undefined;
  const { traceId, spanId, sampled } = parsed;
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote };
}

/** Logs once when a collector refuses spans, and once when it accepts them again. */
function telling(exporter: SpanExporter, log: Logger): SpanExporter {
  let away = false;
  return {
    export(spans: ReadableSpan[], done) {
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined;
        if (failed && !away)
          log.warn({ reason: nameOf(result.error) }, "the trace collector is down: traces are dropped");
        if (!failed && away) log.info("the trace collector is up again");
        away = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/** Returns the name of an error without its message, which may contain a collector's own words. */
function nameOf(error: Error | undefined): string {
  if (error === undefined) return "unknown";
  const { code } = error as { code?: unknown };
  return typeof code === "string" || typeof code === "number" ? String(code) : error.name;
}
