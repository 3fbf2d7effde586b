import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import express, { type NextFunction, type Response } from "express";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { JobEvent } from "../../../shared/protocol/events.ts";
import { openTcpGate } from "../../../shared/testing/processes/tcp-gate.ts";
import { type EncodedEvents, encodeEvent, EventStreams } from "./sse.ts";

/** `--expose-gc` is not allowed in `NODE_OPTIONS`. */
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const delta = (text: string): JobEvent => ({
  event: "delta",
  data: { text, offset: text.length },
  id: `1:${text.length}`,
});
const status: JobEvent = { event: "status", data: { status: "queued", attempt: 0 } };

/** The last block of a stream that is sent back, after the block before it. */
const invitation = /\n\nretry: ([2-4]\d{3})\nevent: wait\ndata: {"retryMs":\1}\n\n$/;

interface Served {
  url: string;
  /** How many connections there are. */
  connections: () => Promise<number>;
  /** The response of the first request. */
  response: Promise<Response>;
  errors: unknown[];
  pumped: Promise<void>;
}

/** Serves one event stream to each request. */
async function serve(
  streams: EventStreams,
  events: AsyncIterable<JobEvent | EncodedEvents>,
  /** How long a connection may stay without a sign of life. */
  silenceMs = 0,
): Promise<Served> {
  const response = Promise.withResolvers<Response>();
  const pumped = Promise.withResolvers<void>();
  const errors: unknown[] = [];
  const app = express();
  app.get("/", async (_req, res) => {
    response.resolve(res);
    await streams.pump(res, events, (error) => errors.push(error));
    pumped.resolve();
  });
  const server: Server = createServer(app).listen(0, "127.0.0.1");
  onTestFinished(() => {
    streams.close();
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.timeout = silenceMs;
  server.keepAliveTimeout = silenceMs;
  const connections = promisify(server.getConnections.bind(server));
  return {
    url: `http://127.0.0.1:${port}/`,
    connections,
    response: response.promise,
    errors,
    pumped: pumped.promise,
  };
}

async function* give(...events: JobEvent[]): AsyncGenerator<JobEvent> {
  yield* events;
}

/** Never ends. */
async function* hang(...events: JobEvent[]): AsyncGenerator<JobEvent> {
  yield* events;
  await new Promise<never>(() => undefined);
}

describe("event stream", () => {
  it("writes events in the standard format and ends after the last", async () => {
    const last: JobEvent = { event: "cancelled", data: { jobId: "7" } as never, id: "end" };
    const { url } = await serve(new EventStreams(), give(status, delta("two\nlines"), last));
    const answer = await fetch(url);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    });
    expect(await answer.text()).toBe(
      [
        'retry: 1000\nevent: status\ndata: {"status":"queued","attempt":0}\n\n',
        'id: 1:9\nevent: delta\ndata: {"text":"two\\nlines","offset":9}\n\n',
        'id: end\nevent: cancelled\ndata: {"jobId":"7"}\n\n',
      ].join(""),
    );
  });

  it("writes events that were encoded for many as they are, and waits for a slow reader of them", async () => {
    const encoded = Buffer.from(encodeEvent(delta("x".repeat(64 * 1024))));
    let given = 0;
    const enough = 400;
    async function* many(): AsyncGenerator<EncodedEvents> {
      for (; given < enough; given += 1) yield { encoded };
    }
    const { url, response } = await serve(new EventStreams(), many());
    const answer = await fetch(url);
    await vi.waitFor(async () => expect((await response).writableNeedDrain).toBe(true));
    expect(given).toBeLessThan(enough);
    const text = await answer.text();
    expect(text.startsWith(`retry: 1000\n${encoded.toString()}${encoded.toString()}`)).toBe(true);
    expect(text.length).toBeGreaterThan(enough * encoded.length);
    expect(given).toBe(enough);
  });

  it("encodes a last event once for all streams that share it", async () => {
    let encodings = 0;
    const data = { toJSON: () => ({ encoded: (encodings += 1) }) } as never;
    const shared: JobEvent = { event: "cancelled", data, id: "end" };
    async function* one(): AsyncGenerator<JobEvent> {
      yield status;
      yield shared;
    }
    const streams = new EventStreams();
    const served = await Promise.all([serve(streams, one()), serve(streams, one())]);
    const texts = await Promise.all(served.map(async ({ url }) => (await fetch(url)).text()));
    for (const text of texts) expect(text).toContain('id: end\nevent: cancelled\ndata: {"encoded":1}\n\n');
    expect(encodings).toBe(1);
  });

  it("tells the client when to reconnect if it breaks or ends early", async () => {
    async function* broken(): AsyncGenerator<JobEvent> {
      yield status;
      throw new Error("PostgreSQL is away");
    }
    const served = await serve(new EventStreams(), broken());
    const answer = await fetch(served.url);
    expect(answer.status).toBe(200);
    const [, retryMs] = invitation.exec(await answer.text()) ?? [];
    expect(Number(retryMs)).toBeGreaterThanOrEqual(2000);
    expect(Number(retryMs)).toBeLessThan(5000);
    expect(served.errors).toMatchObject([{ message: "PostgreSQL is away" }]);

    const unfinished = await serve(new EventStreams(), give(status));
    expect(await (await fetch(unfinished.url)).text()).toMatch(invitation);
    expect(unfinished.errors).toEqual([]);
  });

  it("ends with a reconnect hint at shutdown", async () => {
    const streams = new EventStreams();
    const { url } = await serve(streams, hang(status));
    const answer = await fetch(url);
    streams.close();
    expect(await answer.text()).toMatch(new RegExp(`^retry: 1000\nevent: status\ndata: .*${invitation.source}`));
  });

  it("is not opened for a request in flight when shutdown begins", async () => {
    const streams = new EventStreams();
    const { url } = await serve(streams, hang(status));
    streams.close();
    // The first block is an event already.
    expect(`\n\n${await (await fetch(url)).text()}`).toMatch(new RegExp(`^${invitation.source}`));
  });

  it("waits for a slow reader without buffering", async () => {
    const text = "x".repeat(64 * 1024);
    let given = 0;
    async function* endless(): AsyncGenerator<JobEvent> {
      for (;;) {
        given += 1;
        yield delta(text);
      }
    }
    const { url, response } = await serve(new EventStreams(), endless());
    const client = await openRaw(url);
    const res = await response;
    client.pause();
    const listeners = () => res.listenerCount("close") + res.listenerCount("error");
    // Each time the client reads on, the stream waits anew.
    for (let time = 0; time < 20; time += 1) {
      await expect.poll(() => res.writableNeedDrain, { interval: 1 }).toBe(true);
      const before = given;
      client.resume();
      await expect.poll(() => given, { interval: 1 }).toBeGreaterThan(before);
      client.pause();
    }
    await expect.poll(() => res.writableNeedDrain, { interval: 1 }).toBe(true);
    expect(res.writableLength).toBeLessThan(2 * text.length);
    expect(listeners()).toBeLessThan(10);
    client.destroy();
  });

  it("stops when its client disconnects, slow or not", async () => {
    async function* endless(): AsyncGenerator<JobEvent> {
      for (;;) yield delta("x".repeat(64 * 1024));
    }
    const { url, response, pumped } = await serve(new EventStreams(), endless());
    const client = await openRaw(url);
    client.pause();
    const res = await response;
    await expect.poll(() => res.writableNeedDrain, { interval: 1 }).toBe(true);
    client.destroy();
    await pumped;
  });

  it("ends after a maximum age, so that vanished clients are found and live ones resume", async () => {
    const briefly = { everyMs: 20, oldestMs: 200 };
    const { url, connections } = await serve(new EventStreams(briefly), hang(status), 300);
    const wire = await openTcpGate(url);
    onTestFinished(() => wire.shut());
    const vanished = await openRaw(wire.url);
    wire.freeze();
    expect(await connections()).toBe(1);
    await expect.poll(() => connections(), { timeout: 5000 }).toBe(0);
    vanished.destroy();

    const there = await serve(new EventStreams(briefly), hang(status));
    const [beats, goodbye] = (await (await fetch(there.url)).text()).split(/(?=retry: [2-4]\d{3}\nevent: wait\n)/);
    expect(beats).toMatch(/^retry: 1000\nevent: status\n[^\n]+\n\n(:\n\n)+$/);
    expect(goodbye).toBeDefined();
  });

  it("is cut when the client stops reading", async () => {
    const text = "x".repeat(64 * 1024);
    async function* endless(): AsyncGenerator<JobEvent> {
      for (;;) yield delta(text);
    }
    const { url, response, pumped, connections } = await serve(new EventStreams({ everyMs: 20 }), endless(), 300);
    const wire = await openTcpGate(url);
    onTestFinished(() => wire.shut());
    const client = await openRaw(wire.url);
    const res = await response;
    client.pause();
    wire.freeze();
    await pumped;
    expect(res.closed).toBe(true);
    await expect.poll(() => connections(), { timeout: 5000 }).toBe(0);
    client.destroy();
  });

  it("keeps neither the token of its request nor other headers", async () => {
    const { url, response } = await serve(new EventStreams(), hang(status));
    const answer = await fetch(url, { headers: { authorization: "Bearer of the token" } });
    const { req } = await response;
    expect([req.headers, req.rawHeaders]).toEqual([{}, []]);
    await answer.body?.cancel();
  });

  it("keeps nothing of the routers that its request went through", async () => {
    const streams = new EventStreams();
    const begun = Promise.withResolvers<WeakRef<NextFunction>>();
    const app = express();
    app.use((_req, _res, next) => {
      begun.resolve(new WeakRef(next));
      next();
    });
    app.get("/", (_req, res) => {
      void streams.pump(res, hang(status), () => undefined);
    });
    const server = createServer(app).listen(0, "127.0.0.1");
    onTestFinished(() => {
      streams.close();
      server.closeAllConnections();
      server.close();
    });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    const router = await begun.promise;
    await vi.waitFor(() => {
      collectGarbage();
      expect(router.deref()).toBeUndefined();
    });
    expect(streams.count).toBe(1);
    await answer.body?.cancel();
  });
});

/** A client that can stop reading. */
async function openRaw(url: string): Promise<Socket> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "data");
  return socket;
}
