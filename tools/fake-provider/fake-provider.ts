import { once } from "node:events";
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CallLog, type CallStats, type LoggedCall } from "./fake-calls.ts";
import { FakeAnswer, type Script, usualPrompt } from "./fake-script.ts";
import { type FakeItem, FakeThreads } from "./fake-threads.ts";
import type { ThreadCall, Wire, WireRequest } from "./wire/wire.ts";
import { findThreadWire, findWire } from "./wire/wires.ts";

/**
 * An AI provider for tests and benches: a real HTTP server on a real socket that speaks the provider's wire format and
 * follows a script, faults included. Tests hold its steps with promises, so they need no sleeps.
 */
export interface FakeProvider {
  /** Base URL, ending in `/v1`. */
  readonly url: string;
  /** Calls for a reply so far, in order of arrival; empty if not recorded. */
  readonly calls: readonly FakeCall[];
  /** Counts of calls for a reply. */
  readonly stats: Readonly<CallStats>;
  readonly threads: FakeThreadKeeping;
  /** Answers the next calls for a reply with these scripts, one each. Later calls use the default script again. */
  next(...scripts: Script[]): void;
  /** Resolves once the call for a reply with this number, counted from 1, has arrived. */
  waitForCall(number: number): Promise<FakeCall>;
  /** Closes every connection, even in the middle of an answer. */
  close(): Promise<void>;
}

/** Conversations kept by the APIs that support it; in memory. */
export interface FakeThreadKeeping {
  /** Ids in order of creation. */
  readonly created: readonly string[];
  /** Ids in order of deletion. */
  readonly deleted: readonly string[];
  /** Lists a thread's present items in order. Items left over from a deleted thread remain. */
  items(threadId: string): readonly FakeItem[];
  /** Calls about threads, other than those for a reply. */
  readonly calls: readonly FakeThreadCall[];
  /** Faults for the next of these calls. A fault with a status or a body changes no thread. */
  next(...scripts: Script[]): void;
  waitForCall(number: number): Promise<FakeThreadCall>;
}

export type FakeCall = LoggedCall<FakeRequest>;
export type FakeThreadCall = LoggedCall<FakeThreadRequest>;

interface Arrival {
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
  /** Identifies the connection. */
  clientPort: number | undefined;
}

/** Request whose messages are the model's whole input: the thread's items at arrival come first. */
export interface FakeRequest extends WireRequest, Arrival {}
export interface FakeThreadRequest extends ThreadCall, Arrival {}

interface FakeOptions {
  /** Default script when none is queued: a short greeting unless set. */
  script?: Script | ((request: FakeRequest) => Script);
  /** Any free port by default. */
  port?: number;
  /** `false` for benches: calls are counted but not recorded. */
  record?: boolean;
}

const greeting: Script = { steps: ["Hello", " from", " the", " fake."] };

export async function startFakeProvider({
  script = greeting,
  port = 0,
  record = true,
}: FakeOptions = {}): Promise<FakeProvider> {
  const queue: Script[] = [];
  const threadQueue: Script[] = [];
  const upstream: ProviderState = {
    log: new CallLog(record),
    threadLog: new CallLog(record),
    threads: new FakeThreads(),
    choose: (request) => queue.shift() ?? (typeof script === "function" ? script(request) : script),
    chooseForThread: () => threadQueue.shift() ?? {},
  };
  const { log, threadLog, threads } = upstream;
  const server = http.createServer((incoming, response) => {
    receive(incoming, (body) => serve(upstream, incoming, response, body));
  });
  // Longer than any client's keep-alive, so the client always closes the connection first.
  server.keepAliveTimeout = 60_000;
  // A bench opens all its connections in one burst.
  server.listen({ port, host: "127.0.0.1", backlog: 4096 });
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls: log.calls,
    stats: log.stats,
    threads: {
      created: threads.created,
      deleted: threads.deleted,
      items: (threadId) => threads.items(threadId),
      calls: threadLog.calls,
      next: (...scripts) => void threadQueue.push(...scripts),
      waitForCall: (number) => threadLog.waitFor(number),
    },
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

interface ProviderState {
  log: CallLog<FakeRequest>;
  threadLog: CallLog<FakeThreadRequest>;
  threads: FakeThreads;
  choose: (request: FakeRequest) => Script;
  chooseForThread: () => Script;
}

function serve(upstream: ProviderState, incoming: IncomingMessage, response: ServerResponse, text: string): void {
  const { method = "", url = "", headers, socket } = incoming;
  const { pathname: path, searchParams: query } = new URL(url, "http://fake");
  const body = text === "" ? undefined : parseJson(text);
  const replyWire = method === "POST" ? findWire(path) : undefined;
  const wire = replyWire ?? findThreadWire(path);

  if (wire === undefined) {
    if (path === "/stats") return sendJson(response, 200, upstream.log.readStats());
    if (method === "GET") return sendJson(response, 200, { object: "list", data: [{ id: "fake", object: "model" }] });
    return sendJson(response, 404, { error: { message: `no such path: ${path}` } });
  }
  if (body === undefined && (replyWire !== undefined || text !== "")) {
    return sendJson(response, 400, { error: { message: "the body is not JSON" } });
  }
  const arrival = { path, headers, body, clientPort: socket.remotePort };
  const served =
    replyWire === undefined
      ? answerThreadCall(upstream, wire, { ...arrival, method, query }, response)
      : reply(upstream, wire, arrival, response);
  // A fault in a script breaks the connection of this call. The server stays up for other calls.
  served.catch((error: unknown) => response.destroy(error as Error));
}

async function reply(
  { log, threads, choose }: ProviderState,
  wire: Wire,
  arrival: Arrival,
  response: ServerResponse,
): Promise<void> {
  const own = wire.read(arrival.body, arrival.path);
  const { threadId } = own;
  const before = threadId === undefined ? [] : threads.items(threadId);
  const request = { ...own, ...arrival, messages: [...own.messages.filter(isSystem), ...before, ...said(own)] };
  const call = log.add(request, response);
  const gone = threadId !== undefined && !threads.exists(threadId);
  const script = gone ? { status: 404, body: wire.error(404, "no such thread") } : choose(request);
  const answer = new FakeAnswer(response, {
    script,
    streams: request.streams && !script.whole,
    wire: wire.answer({
      id: `fake-${call}`,
      model: script.model ?? request.model,
      refuses: script.finishReason === "refusal",
      promptUsage: script.usage === undefined ? usualPrompt : script.usage,
    }),
  });
  const atOnce = wire.threads?.addsQuestion === "at once" && script.body === undefined;
  if (threadId !== undefined && atOnce) threads.add(threadId, said(own));
  const text = await answer.play();
  if (threadId === undefined || text === undefined) return;
  threads.add(threadId, [...(atOnce ? [] : said(own)), { role: "assistant", text }]);
}

function said({ messages }: WireRequest): WireRequest["messages"] {
  return messages.filter((message) => !isSystem(message));
}

function isSystem({ role }: { role: string }): boolean {
  return role === "system";
}

async function answerThreadCall(
  { threadLog, threads, chooseForThread }: ProviderState,
  wire: Wire,
  request: FakeThreadRequest,
  response: ServerResponse,
): Promise<void> {
  const call = threadLog.add(request, response);
  const { status = 200, ...script } = chooseForThread();
  const fails = status !== 200 || script.body !== undefined;
  const answer = fails ? undefined : wire.threads?.answer(request, threads);
  const body = answer ? JSON.stringify(answer.body) : wire.error(status, "the fake provider injected this fault");
  await new FakeAnswer(response, {
    script: { body, ...script, status: answer?.status ?? status },
    streams: false,
    wire: wire.answer({ id: `fake-thread-${call}`, model: "", refuses: false, promptUsage: null }),
  }).play();
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
