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
