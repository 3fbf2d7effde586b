import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import { timeline } from "../../../shared/protocol/job.ts";
import { problem } from "../../../shared/protocol/service.ts";
import { type CollectedSpan, type Collector, startCollector } from "../harness/collector.ts";
import { type Backend, type Product, startProduct } from "../harness/product.ts";
import { eventually } from "../harness/suite.ts";

const backends: { backend: Backend; available: boolean }[] = [
  { backend: "postgres", available: true },
  { backend: "redis", available: redisAvailable },
];

/** In production a log line is one of JSON. */
function linesWith(product: Product, text: string): Record<string, unknown>[] {
  return product
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{") && line.includes(text))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function stopAll({ apis, workers }: Product): Promise<(number | NodeJS.Signals)[]> {
  return Promise.all([...apis, ...workers].map((each) => each.stop()));
}

describe.each(backends)("traces, on $backend", ({ backend, available }) => {
  let collector: Collector;
  let product: Product;
  beforeAll(async () => {
    if (!available) return;
    collector = await startCollector();
    product = await startProduct({ backend, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  });
  afterAll(async () => {
    await product?.[Symbol.asyncDispose]();
    await collector?.[Symbol.asyncDispose]();
  });
  const collected = (what: string, look: (span: CollectedSpan) => boolean) =>
    eventually(`the collector has ${what}`, () => collector.spans.find(look));

  it.skipIf(!available)("cover the whole way of a message in one trace", async () => {
    const { client } = product;
    const text = "A message that no trace may hold";
    const chat = await client.submit(text);
    const stream = await client.events(chat);
    await stream.ended;
    expect(stream.terminal?.event).toBe("done");
    await client.request(`/api/jobs/${chat.jobId}/events?access_token=${chat.token}`);
    const shown = timeline.parse(
      (await client.request(`/api/jobs/${chat.jobId}/timeline`, { token: chat.token })).body,
    );
    const { traceId = "" } = shown;
    expect(traceId).toMatch(/^[\da-f]{32}$/);

    const named = (name: string) => collected(name, (span) => span.traceId === traceId && span.name === name);
    const [sent, answered] = [await named("POST /api/chat"), await named("answer job")];
    expect(sent).toMatchObject({ parentSpanId: undefined, service: "parley-api" });
    expect(sent.attributes).toMatchObject({ "http.route": "/api/chat", "http.response.status_code": 202 });
    const waited = await named("wait in queue");
    expect(waited).toMatchObject({ parentSpanId: sent.spanId, service: "parley-worker" });
    expect(waited.lasted).toBeLessThan(10_000);
    expect(answered).toMatchObject({ parentSpanId: sent.spanId, service: "parley-worker" });
    expect(answered.attributes).toMatchObject({ "parley.job.id": chat.jobId, "parley.job.status": "completed" });
    const called = await named("call provider");
    expect(called).toMatchObject({ parentSpanId: answered.spanId, events: ["first text"] });
    expect(called.attributes).toMatchObject({
      "gen_ai.provider.name": "compatible",
      "gen_ai.usage.input_tokens": 10,
    });
    expect(await named("store reply")).toMatchObject({ parentSpanId: answered.spanId });
    const followed = await named("follow job");
    expect(followed).toMatchObject({ parentSpanId: sent.spanId, service: "parley-api" });
    expect(followed.events).toEqual(expect.arrayContaining(["first text", "done"]));
    // The request that asked for the stream stands in a trace of its own.
    const asked = await collected("the stream's request", (span) => followed.links.includes(span.traceId));
    expect(asked.name).toBe("GET /api/jobs/{jobId}/events");

    for (const service of ["api", "worker"]) {
      expect(linesWith(product, traceId).map((line) => line["service"])).toContain(service);
    }
    // The second one had the token in its query.
    const isStream = ({ name }: CollectedSpan) => name === "GET /api/jobs/{jobId}/events";
    await eventually("both streams are there", () => collector.spans.filter(isStream).length === 2);
    for (const secret of [text, chat.token, "You said"]) expect(collector.received()).not.toContain(secret);
  });

  it.skipIf(!available)("have the streams of the AI SDK's door, too", async () => {
    const { client } = product;
    const messages = [{ id: randomUUID(), role: "user", parts: [{ type: "text", text: "At the door" }] }];
    const body = { id: "support", trigger: "submit-message", messages };
    const sent = await client.request("/api/ui/chat", { method: "POST", body });
    const asked = await collected("the message", ({ name }) => name === "POST /api/ui/chat");
    const follows = () =>
      collector.spans.filter((span) => span.traceId === asked.traceId && span.name === "follow job");
    await eventually("the stream is in its trace", () => follows().length === 1);
    expect(follows()[0]).toMatchObject({ parentSpanId: asked.spanId, links: [] });
    expect(follows()[0]?.events).toEqual(expect.arrayContaining(["first text", "done"]));
    const [, jobId = ""] = /"messageId":"([^"]+)"/.exec(sent.text) ?? [];
    const token = sent.headers.get("x-parley-token") ?? "";
    await client.request(`/api/ui/chat/support/stream?messageId=${jobId}`, { token });
    const resumed = await collected("the resumption", ({ name }) => name === "GET /api/ui/chat/{id}/stream");
    await eventually("it is linked", () => follows().some(({ links }) => links.includes(resumed.traceId)));
  });

  it.skipIf(!available)("are named in errors, and in the log of the request", async () => {
    const answer = await product.client.request("/api/jobs/no-uuid", { headers: { "x-request-id": "trace-me" } });
    const { traceId = "" } = problem.parse(answer.body);
    await eventually("the log has it", () =>
      linesWith(product, "trace-me").some((line) => line["traceId"] === traceId),
    );
    const span = await collected("the request", (each) => each.traceId === traceId);
    expect(span).toMatchObject({ name: "GET /api/jobs/{jobId}", attributes: { "http.response.status_code": 400 } });
  });

  it.skipIf(!available)("of clients are linked, and do not control sampling", async () => {
    const theirs = "0af7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${theirs}-b7ad6b7169203331-00` };
    await product.client.request("/api/providers", { headers });
    const span = await collected("the request", ({ name }) => name === "GET /api/providers");
    expect(span.traceId).not.toBe(theirs);
    expect(span.links).toEqual([theirs]);
  });
});

describe("a trace collector", () => {
  it.each([
    ["that is down", async () => closedPort()],
    ["that never answers", async () => silentServer()],
  ])("%s costs one log line, no message, and no time at shutdown", { timeout: 60_000 }, async (_, start) => {
    await using collector = await start();
    await using product = await startProduct({
      backend: "postgres",
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    });
    const { client, apis, workers } = product;
    for (let round = 0; round < 3; round++) {
      expect(await client.ended(await client.submit(`round ${round}`))).toMatchObject({ status: "completed" });
    }
    await eventually("its absence is logged", () => linesWith(product, "the trace collector is down").length > 0);
    const began = performance.now();
    expect(await stopAll(product)).toEqual([0, 0]);
    expect(performance.now() - began).toBeLessThan(10_000);
    for (const { output } of [...apis, ...workers]) {
      expect(output.match(/the trace collector is down/g)?.length ?? 0).toBeLessThanOrEqual(1);
      expect(output).not.toMatch(/did not close cleanly|ECONNREFUSED .*ECONNREFUSED|OTLPExporterError/);
    }
  });

  it("receives nothing when the sampling rate is 0", { timeout: 60_000 }, async () => {
    await using collector = await startCollector();
    await using product = await startProduct({
      backend: "postgres",
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: "0" },
    });
    const chat = await product.client.submit("not traced");
    await product.client.ended(chat);
    const { body } = await product.client.request(`/api/jobs/${chat.jobId}/timeline`, { token: chat.token });
    expect(timeline.parse(body).traceId).toBeUndefined();
    await stopAll(product);
    expect(collector.spans).toEqual([]);
    expect(product.output()).not.toContain("traceId");
  });
});

interface NoCollector extends AsyncDisposable {
  url: string;
}

/** Nobody listens there any more. */
async function closedPort(): Promise<NoCollector> {
  const { url, [Symbol.asyncDispose]: close } = await silentServer();
  await close();
  return { url, [Symbol.asyncDispose]: async () => undefined };
}

/** Takes connections, and says nothing. */
async function silentServer(): Promise<NoCollector> {
  const sockets = new Set<{ destroy: () => void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
