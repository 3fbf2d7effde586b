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
