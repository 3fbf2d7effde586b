import { randomUUID } from "node:crypto";
import type { RequestListener, Server } from "node:http";
import type { Socket } from "node:net";
import { Problem, type ProblemCode } from "../../shared/errors.ts";
import { http } from "../../shared/http.ts";
import type { Logger } from "../../shared/logger.ts";
import type { ProblemBody } from "../../shared/protocol/service.ts";
import { closeLingering, Connections } from "./limits/connections.ts";
import { inactivityMs, keepAliveMs } from "../../shared/tunables.ts";

/** Limits for clients that are not yet authenticated. Node checks them every `connectionsCheckingInterval`. */
const strangersLimits = {
  /**
   * Headers arrive at once, or within seconds from a phone in a tunnel. Also applies to a connection that sends
   * nothing.
   */
  headersTimeout: 10_000,
  /** 256 KB in this time need 70 kbit/s, the slowest line on which a chat is usable. */
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: keepAliveMs,
  /** A token has 250 bytes, an identity at most 4 KB. */
  maxHeaderSize: 16 * 1024,
  /** `refuseWithoutHost` answers with a problem instead. */
  requireHostHeader: false,
  inactivityMs,
  /**
   * Ten thousand event streams, plus a reserve. Above it new connections are dropped at once, so that the open ones are
   * served.
   */
  maxConnections: 16_000,
};

/** Default if the caller gives no other limit. */
const maxPerClient = 200;

type ServerOptions = Partial<typeof strangersLimits> & { connections?: Connections };

/**
 * An HTTP server for untrusted clients; it does not listen yet. Requests that its parser refuses are answered as
 * problems, too. Requests per connection are not limited: a proxy sends all visitors' requests over a few connections,
 * and would get a 503.
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
  const server = http.createServer(limits, serve);
  server.timeout = limits.inactivityMs;
  server.maxConnections = limits.maxConnections;
  server.on("connection", (socket) => connections.add(socket));
  // Serve requests with an unknown expectation instead of refusing them.
  server.on("checkExpectation", serve);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // Browsers open connections ahead. An answer on an unused connection would be taken for the answer to its next
    // request.
    const silent = socket.bytesRead === 0;
    const begun = connections.hasBegunToAnswer(socket);
    if (error.code === "ECONNRESET" || !socket.writable || begun || silent) socket.destroy();
    else refuse(socket, error.code, log);
  });
  server.on("drop", () => connections.cut(undefined, "server-full"));
  return server;
}

const refusals: Record<string, { code: ProblemCode; detail: string }> = {
  HPE_HEADER_OVERFLOW: { code: "headers-too-large", detail: "Headers are limited to 16 KB." },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    code: "too-large",
    detail: "Chunk extensions of a request body are limited to 16 KB.",
  },
  ERR_HTTP_REQUEST_TIMEOUT: { code: "request-timeout", detail: "Send the whole request within 30 seconds." },
};
const malformed = { code: "invalid-request", detail: "The request is not valid HTTP." } as const;

/** Logs only the error's code: the error holds the received bytes, including tokens. */
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
  // Read and drop the remaining bytes.
  socket.resume();
  closeLingering(socket);
}
