import { randomUUID } from "node:crypto";
import { createServer, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";
import { Problem, type ProblemCode } from "../../shared/errors.ts";
import type { Logger } from "../../shared/logger.ts";
import type { ProblemBody } from "../../shared/protocol/service.ts";
import { closeLingering, Connections } from "./limits/connections.ts";

/**
 * What a client may cost before it has said anything of use. All of it is looked at every `connectionsCheckingInterval`.
 */
const strangersLimits = {
  /** Headers come in one go, from a phone in a tunnel in seconds. Also for a connection that says nothing at all. */
  headersTimeout: 10_000,
  /** 256 KB in this time are 70 kbit/s: the worst line that a chat is fun on. */
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5000,
  /** Longer than proxies keep an idle connection (60 s is usual), so that none sends a request into one that just ended. */
  keepAliveTimeout: 65_000,
  /** A token has 250 bytes, an identity at most 4 KB. */
  maxHeaderSize: 16 * 1024,
  /** We answer it ourselves, as a problem. */
  requireHostHeader: false,
  /**
   * Nothing sent and nothing taken for so long: a client that does not read what it asked for. Event streams have a comment
   * every 15 s, requests wait for 25 s at most.
   */
  inactivityMs: 120_000,
  /** Ten thousand event streams, and room. Above it connections are dropped at once, so that those we have are served. */
  maxConnections: 16_000,
};

/** Where no other limit is given. */
const maxPerClient = 200;

type ServerOptions = Partial<typeof strangersLimits> & { connections?: Connections };

/**
 * An HTTP server that is open to strangers; it does not listen yet. What its parser refuses is answered as a problem, too.
 * Requests per connection are not limited: a proxy sends everybody's through a few, and would be answered 503.
 */
export function createHttpServer(
  app: RequestListener,
  log: Logger,
  { connections = new Connections({ maxPerClient, log }), ...changed }: ServerOptions = {},
): Server {
  const limits = { ...strangersLimits, ...changed };
  const serve: RequestListener = (req, res) => {
    if (connections.begin(req, res)) app(req, res);
  };
  const server = createServer(limits, serve);
  server.timeout = limits.inactivityMs;
  server.maxConnections = limits.maxConnections;
  server.on("connection", (socket) => connections.add(socket));
  // An expectation we do not know is no reason to refuse.
  server.on("checkExpectation", serve);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // Browsers open connections ahead: an answer to what was not asked would be taken for that of the next request.
    const silent = socket.bytesRead === 0;
    const begun = connections.hasBegunToAnswer(socket);
    if (error.code === "ECONNRESET" || !socket.writable || begun || silent) socket.destroy();
    else refuse(socket, error.code, log);
  });
  server.on("drop", () => connections.cut(undefined, "server-full"));
  return server;
}

const refusals: Record<string, { code: ProblemCode; detail: string }> = {
  HPE_HEADER_OVERFLOW: { code: "headers-too-large", detail: "Headers may have 16 KB." },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { code: "too-large", detail: "Chunks of a body have no use for extensions." },
  ERR_HTTP_REQUEST_TIMEOUT: { code: "request-timeout", detail: "Send the whole request within 30 seconds." },
};
const malformed = { code: "invalid-request", detail: "This is not HTTP as it is written." } as const;

/** The error holds the bytes that came, and tokens with them: only its code is logged. */
function refuse(socket: Socket, fault: string | undefined, log: Logger): void {
  const { code, detail } = refusals[fault ?? ""] ?? malformed;
  const { status, title } = new Problem(code, detail);
  const requestId = randomUUID();
  const body: ProblemBody = { type: `/problems/${code}`, title, status, detail, instance: "" };
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    "Connection: close",
    "Content-Type: application/problem+json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Cache-Control: no-store",
    "X-Content-Type-Options: nosniff",
    `X-Request-Id: ${requestId}`,
  ];
  log.info({ requestId, status, fault }, "request");
  socket.write(`${head.join("\r\n")}\r\n\r\n${text}`);
  // What still comes is read and dropped.
  socket.resume();
  closeLingering(socket);
}
