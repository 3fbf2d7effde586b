import { once } from "node:events";
import { createServer, type IncomingMessage, request as forward, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A request as it arrived. */
export interface SeenRequest {
  method: string;
  path: string;
  key: string | undefined;
  token: string | undefined;
  lastEventId: string | undefined;
  body: string;
}

/**
 * An answer that replaces the service's. `lost`: the service answers, and the answer does not arrive; `cut`: the
 * connection ends before.
 */
export type ProxyFault = { status: number; headers?: Record<string, string>; body?: string } | "lost" | "cut";

/** Proxy between visitors and a service. It outlives API processes, and has the faults of real proxies. */
export interface FaultyProxy extends AsyncDisposable {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** Number of event streams open now. */
  openStreams: number;
  /** Address of the service. */
  target: string;
  /** Answers some requests itself. */
  instead: (request: SeenRequest) => ProxyFault | undefined;
  /** Keeps some requests back from the service until the promise is fulfilled. */
  hold: (request: SeenRequest) => Promise<unknown> | undefined;
  /** Keeps some answers back from the visitor until the promise is fulfilled. */
  holdAnswer: (request: SeenRequest) => Promise<unknown> | undefined;
  /**
   * Buffers answers until they are complete, even event streams: from the first byte on, or after their first bytes.
   */
  buffers: "all" | "rest" | undefined;
  /** Breaks every connection of a visitor. */
  cut: () => void;
}

export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const server = createServer((req, res) => void pass(req, res, front).catch(() => res.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const front: FaultyProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    openStreams: 0,
    target,
    instead: () => undefined,
    hold: () => undefined,
    holdAnswer: () => undefined,
    buffers: undefined,
    cut: () => server.closeAllConnections(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return front;
}

async function pass(req: IncomingMessage, res: ServerResponse, front: FaultyProxy): Promise<void> {
  const bytes = await buffer(req);
  const seen: SeenRequest = {
    method: req.method ?? "",
    path: req.url ?? "",
    key: header(req, "idempotency-key"),
    token: header(req, "authorization")?.replace("Bearer ", ""),
    lastEventId: header(req, "last-event-id"),
    body: bytes.toString(),
  };
  front.seen.push(seen);
  if (isStream(seen)) {
    front.openStreams += 1;
    res.on("close", () => (front.openStreams -= 1));
  }
  const instead = front.instead(seen);
  if (instead === "cut") {
    res.destroy();
    return;
  }
  if (instead && instead !== "lost") {
    res.writeHead(instead.status, instead.headers).end(instead.body);
    return;
  }
  await front.hold(seen);
  const onward = forward(front.target + seen.path, { method: seen.method, headers: req.headers });
  res.on("close", () => onward.destroy());
  onward.on("error", () => res.destroy());
  onward.end(bytes);
  const [answer] = (await once(onward, "response")) as [IncomingMessage];
  answer.on("error", () => res.destroy());
  await front.holdAnswer(seen);
  if (instead === "lost") {
    await buffer(answer);
    res.destroy();
    return;
  }
  if (front.buffers === "all") {
    const whole = await buffer(answer);
    res.writeHead(answer.statusCode ?? 502, answer.headers).end(whole);
    return;
  }
  res.writeHead(answer.statusCode ?? 502, answer.headers);
  res.flushHeaders();
  if (front.buffers === "rest") {
    res.write(((await once(answer, "data")) as [Buffer])[0]);
    res.end(await buffer(answer));
    return;
  }
  answer.pipe(res);
}

export function isStream({ method, path }: SeenRequest): boolean {
  return method === "GET" && path.endsWith("/events");
}

function header(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
