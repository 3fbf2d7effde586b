import { once } from "node:events";
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeAnswer, type Script } from "./fake-script.ts";
import { wires, type WireRequest } from "./fake-wires.ts";

/**
 * An AI provider for tests and benches: a real HTTP server on a real socket that speaks the provider's wire and does
 * what it is told to, faults included. Tests hold its steps with promises, so they need no sleeps.
 */
export interface FakeProvider {
  /** The base URL, ending in `/v1`. */
  readonly url: string;
  /** Every call so far, in the order of arrival; empty when not recorded. */
  readonly calls: readonly FakeCall[];
  readonly stats: Readonly<FakeStats>;
  /** Answers the next calls with these, one each; after them the default script is used again. */
  next(...scripts: Script[]): void;
  /** Resolves with the call of that number, counted from 1, once it has arrived. */
  waitForCall(number: number): Promise<FakeCall>;
  /** Ends every connection, also those in the middle of an answer. */
  close(): Promise<void>;
}

export interface FakeCall {
  request: FakeRequest;
  /** On the clock of `performance.now()`, in milliseconds. */
  startedAt: number;
  /** Settles when the connection has nothing more to do with this call. */
  ended: Promise<FakeEnd>;
}

export interface FakeRequest extends WireRequest {
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
  /** Tells connections apart. */
  clientPort: number | undefined;
}

export interface FakeEnd {
  /** `answered`: all was sent; `cut`: the script broke off; `disconnected`: the client went away first. */
  how: "answered" | "cut" | "disconnected";
  at: number;
}

export interface FakeStats {
  inflight: number;
  /** The most at one time; `GET /stats` sets it back to the present number. */
  maxInflight: number;
  total: number;
}

interface FakeOptions {
  /** What is answered when nothing is queued; by default a short greeting. */
  script?: Script | ((request: FakeRequest) => Script);
  /** By default any free one. */
  port?: number;
  /** `false` for benches: calls are counted but not kept. */
  record?: boolean;
}

const greeting: Script = { steps: ["Hello", " from", " the", " fake."] };

export async function startFakeProvider({
  script = greeting,
  port = 0,
  record = true,
}: FakeOptions = {}): Promise<FakeProvider> {
  const queue: Script[] = [];
  const log = new CallLog(record);
  const choose = (request: FakeRequest) => queue.shift() ?? (typeof script === "function" ? script(request) : script);
  const server = http.createServer((incoming, response) => {
    if (incoming.method === "GET") return sendJson(response, 200, log.readStats(incoming.url));
    receive(incoming, (body) => serve(incoming, response, { body, log, choose }));
  });
  // Longer than any client keeps a connection: it is always the client that gives it up.
  server.keepAliveTimeout = 60_000;
  // A bench opens all its connections in one burst.
  server.listen({ port, host: "127.0.0.1", backlog: 4096 });
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls: log.calls,
    stats: log.stats,
    next: (...scripts) => void queue.push(...scripts),
    waitForCall: (number) => log.waitFor(number),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Serving {
  body: string;
  log: CallLog;
  choose: (request: FakeRequest) => Script;
}

function serve(incoming: IncomingMessage, response: ServerResponse, { body: text, log, choose }: Serving): void {
  const path = incoming.url ?? "";
  const wire = wires.get(path);
  const body = parseJson(text);
  if (wire === undefined) return sendJson(response, 404, { error: { message: `no such path: ${path}` } });
  if (body === undefined) return sendJson(response, 400, { error: { message: "the body is not JSON" } });

  const { headers, socket } = incoming;
  const request = { ...wire.read(body), path, headers, body, clientPort: socket.remotePort };
  const call = log.add(request, response);
  const script = choose(request);
  const answer = new FakeAnswer(response, {
    script,
    streams: request.streams && !script.whole,
    wire: wire.answer({ id: `fake-${call}`, model: script.model ?? request.model }),
  });
  // A fault in a script ends this call, loudly for the client; the server stays up for the others.
  answer.play().catch((error: unknown) => response.destroy(error as Error));
}

/** Counts calls and, when asked to, keeps them for tests to look at. */
class CallLog {
  readonly calls: FakeCall[] = [];
  readonly stats: FakeStats = { inflight: 0, maxInflight: 0, total: 0 };
  readonly #record: boolean;
  #waiters: { number: number; resolve: (call: FakeCall) => void }[] = [];

  constructor(record: boolean) {
    this.#record = record;
  }

  /** @returns the number of the call */
  add(request: FakeRequest, response: ServerResponse): number {
    const { stats } = this;
    stats.total++;
    stats.inflight++;
    stats.maxInflight = Math.max(stats.maxInflight, stats.inflight);
    const { promise: ended, resolve } = Promise.withResolvers<FakeEnd>();
    response.once("close", () => {
      stats.inflight--;
      resolve({ how: howItEnded(response), at: performance.now() });
    });
    if (this.#record) {
      this.calls.push({ request, startedAt: performance.now(), ended });
      this.#waiters = this.#waiters.filter(({ number, resolve: found }) => {
        const call = this.calls[number - 1];
        if (call) found(call);
        return !call;
      });
    }
    return stats.total;
  }

  waitFor(number: number): Promise<FakeCall> {
    const call = this.calls[number - 1];
    if (call) return Promise.resolve(call);
    const { promise, resolve } = Promise.withResolvers<FakeCall>();
    this.#waiters.push({ number, resolve });
    return promise;
  }

  readStats(path: string | undefined): object {
    if (path !== "/stats") return { object: "list", data: [{ id: "fake", object: "model" }] };
    const now = { ...this.stats };
    this.stats.maxInflight = this.stats.inflight;
    return now;
  }
}

function howItEnded(response: ServerResponse): FakeEnd["how"] {
  if (response.writableFinished) return "answered";
  return FakeAnswer.wasCut(response) ? "cut" : "disconnected";
}

function receive(incoming: IncomingMessage, then: (body: string) => void): void {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("end", () => then(Buffer.concat(chunks).toString()));
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
