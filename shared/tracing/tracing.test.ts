import { describe, expect, it } from "vitest";
import { readEnvironment } from "../config/config.ts";
import { Lifecycle } from "../process/lifecycle.ts";
import { quietLog } from "../testing/fixtures/quiet-log.ts";
import { openTracing } from "./open-tracing.ts";
import { parseTraceparent, traceIdOf } from "./traceparent.ts";
import { noTracing } from "./tracing.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

describe("traceparent", () => {
  it("contains trace id, span id and sampled flag", () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, sampled: true });
    expect(parseTraceparent(`00-${traceId}-${spanId}-02`)).toEqual({ traceId, spanId, sampled: false });
    expect(traceIdOf(`00-${traceId}-${spanId}-03`)).toBe(traceId);
    expect(traceIdOf(`00-${traceId}-${spanId}-00`)).toBeUndefined();
  });

  it.each([
    undefined,
    null,
    "",
    traceId,
    `01-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01\n`,
  ])("is none in %j", (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
    expect(traceIdOf(text)).toBeUndefined();
  });
});

describe("tracing", () => {
  it("does nothing without a collector", async () => {
    const log = quietLog();
    const lifecycle = new Lifecycle(log);
    const tracing = await openTracing(readEnvironment({}), { service: "test", log, lifecycle });
    expect(tracing).toBe(noTracing);
    const span = tracing.start("work", { attributes: { a: 1 } });
    span.set({ b: 2 });
    span.event("happened");
    span.fail("reason");
    span.end();
    expect(span).toMatchObject({ traceId: undefined, traceparent: undefined });
  });

  it("hands on a trace from span to span", async () => {
    const log = quietLog();
    const lifecycle = new Lifecycle(log);
    // No collector listens there, so spans are lost.
    const config = readEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" });
    const tracing = await openTracing(config, { service: "test", log, lifecycle });
    const first = tracing.start("first", { kind: "server" });
    const second = tracing.start("second", { parent: first });
    const elsewhere = tracing.start("elsewhere", { parent: second.traceparent, kind: "consumer" });
    expect(first.traceId).toMatch(/^[\da-f]{32}$/);
    expect([second.traceId, elsewhere.traceId]).toEqual([first.traceId, first.traceId]);
    expect(new Set([first, second, elsewhere].map(({ traceparent }) => traceparent)).size).toBe(3);
    const unsampled = tracing.start("unsampled", { parent: `00-${traceId}-${spanId}-00` });
    expect(unsampled.traceId).toBeUndefined();
    expect(unsampled.traceparent).toMatch(new RegExp(`^00-${traceId}-[\\da-f]{16}-00$`));
    expect(tracing.start("stray", { parent: "nonsense" }).traceId).not.toBe(first.traceId);
    for (const span of [first, second, elsewhere, unsampled]) span.end();
    await lifecycle.close(5000);
  });
});
