import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ProxyEnvironment } from "../../../../../shared/config/proxy-environment.ts";

/** Connections to upstreams, kept between calls. */
export interface Connections {
  /**
   * Resolves with the answer once its head is there. Aborting the signal ends the connection at once, then and while
   * the body is read. Redirects are not followed: they would take the key and the conversation to another host.
   * @throws a Node.js error with a `code` when no answer came
   */
  send(url: URL, call: OutgoingCall): Promise<http.IncomingMessage>;
}

export interface OutgoingCall {
  method: string;
  headers: http.OutgoingHttpHeaders;
  body?: string | undefined;
  signal: AbortSignal;
}

export interface ConnectionOptions {
  connectMs: number;
  proxy?: ProxyEnvironment | undefined;
}

/**
 * Idle connections are given up before the servers do it (uvicorn, Node and many more: after 5 s), so that a request
 * hardly ever meets a connection that is just being closed.
 */
const idleMs = 4_000;

/**
 * `node:http` and not `fetch`: it lets us limit the time to connect, and it was measured at 0.1 ms of CPU less a
 * streamed call and 25 MB less memory in the process.
 * @param connectMs for a new connection until it is there, TLS included
 * @param proxy of the environment: which requests go through which proxy
 */
export function createConnections({ connectMs, proxy = {} }: ConnectionOptions): Connections {
  const kept = createAgents({ keepAlive: true, timeout: idleMs, proxyEnv: { ...proxy } });
  const fresh = createAgents({ proxyEnv: { ...proxy } });
  return {
    async send(url, call) {
      const scheme = url.protocol === "https:" ? "https:" : "http:";
      try {
        return await sendOnce(url, call, { agent: kept[scheme], connectMs });
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        // The server closed the idle connection while we wrote. Not a retry of ours: to its user it is one call, which
        // got no byte of an answer (RFC 9112 §9.3.1). Once, over a new connection.
        return sendOnce(url, call, { agent: fresh[scheme], connectMs });
      }
    },
  };
}

function createAgents(options: http.AgentOptions) {
  return { "http:": new http.Agent(options), "https:": new https.Agent(options) };
}

interface Way {
  agent: http.Agent;
  connectMs: number;
}

async function sendOnce(url: URL, call: OutgoingCall, { agent, connectMs }: Way): Promise<http.IncomingMessage> {
  const { method, headers, body, signal } = call;
  signal.throwIfAborted();
  const secure = url.protocol === "https:";
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http).request(url, { method, agent, headers: { ...headers, ...length } });
    // A request that waits for a proxy's tunnel tells of its end only after that.
    const end = (reason: unknown) => {
      request.destroy();
      reject(reason);
    };
    const abort = () => end(signal.reason);
    signal.addEventListener("abort", abort);
    request.once("close", () => signal.removeEventListener("abort", abort));
    request.once("response", resolve);
    request.on("error", (error: NodeJS.ErrnoException) => {
      if (!isConnected()) unsent.add(error);
      const stale = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      reject(stale ? new StaleConnection(error) : error);
    });
    const late = () => end(notConnected(connectMs));
    const isConnected = limitConnecting(request, secure ? "secureConnect" : "connect", { connectMs, late });
    request.end(body);
  });
}

const unsent = new WeakSet<object>();

/** Whether an error of `send` says that there was no connection, so that nothing of the request was sent. */
export function wasUnsent(error: unknown): boolean {
  return typeof error === "object" && error !== null && unsent.has(error);
}

class StaleConnection extends Error {
  override name = "StaleConnection";

  constructor(cause: unknown) {
    super("a kept connection was closed", { cause });
  }
}

function notConnected(connectMs: number): Error {
  const error = Object.assign(new Error(`not connected within ${connectMs} ms`), { code: "ETIMEDOUT" });
  unsent.add(error);
  return error;
}

/**
 * Ends a request that has no connection in time. The time runs from the request on: through a proxy, Node hands out the
 * socket only once the tunnel and its TLS are there.
 * @returns whether it is connected by now
 */
function limitConnecting(
  request: http.ClientRequest,
  connected: string,
  { connectMs, late }: { connectMs: number; late: () => void },
): () => boolean {
  let isConnected = false;
  const timer = setTimeout(late, connectMs);
  const connect = () => {
    isConnected = true;
    clearTimeout(timer);
  };
  request.once("socket", (socket) => {
    if (request.reusedSocket || isReady(socket)) connect();
    else socket.once(connected, connect);
  });
  request.once("close", () => clearTimeout(timer));
  return () => isConnected;
}

/** Connected, and with TLS that was agreed on where there is any. */
function isReady(socket: Socket): boolean {
  return !socket.connecting && !(socket instanceof TLSSocket && socket.getProtocol() === null);
}
