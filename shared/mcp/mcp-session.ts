import { setTimeout as sleep } from "node:timers/promises";
import { Client, type JSONRPCMessage, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { z } from "zod";
import { LinkedAbort } from "../async/linked-abort.ts";
import { FetchError } from "../fetch/fetch-error.ts";
import type { GuardedFetch } from "../fetch/guarded-fetch.ts";
import { type Exchange, sessionFetch } from "./session-fetch.ts";

/** A server with its secrets filled in. */
export interface McpEndpoint {
  url: string;
  headers: Readonly<Record<string, string>>;
}

interface SessionOptions {
  client: Pick<GuardedFetch, "send">;
  /** For the whole session. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** Time in which an answer that has come whole is read. */
const readingMs = 100;
/** Time for telling a server that a call or a session has ended. Nothing hangs on it. */
const farewellMs = 2000;

/** Statuses that leave open whether a request was carried out, or still will be. */
const openRefusals = new Set([408, 425]);

/** A request to a server that brought no answer. The message is for operators, and holds nothing of the response. */
export class McpFailure extends Error {
  override name = "McpFailure";
  /** True if the request was surely not carried out. */
  readonly wasRefused: boolean;
  /** True if the server does not know the session, such as after its restart. */
  readonly hasLostSession: boolean;
  readonly status: number | undefined;

  constructor(message: string, fields: Pick<McpFailure, "wasRefused" | "hasLostSession" | "status">, cause: unknown) {
    super(message, { cause });
    this.wasRefused = fields.wasRefused;
    this.hasLostSession = fields.hasLostSession;
    this.status = fields.status;
  }
}

/** Answer of JSON-RPC, as the server wrote it. */
export type RpcAnswer = { result: unknown; asksBack: boolean } | { error: { code: number; message: string } };

const anyResult = z.unknown();

/** One session of a server: opened, asked one thing after another, and closed. */
export class McpSession {
  readonly #client = new Client({ name: "parley", version: "1.0" });
  readonly #transport: StreamableHTTPClientTransport;
  readonly #limit: LinkedAbort;
  readonly #timeoutMs: number;
  readonly #notices = new Set<Promise<unknown>>();
  #exchange: Exchange | undefined;
  #answer = Promise.withResolvers<RpcAnswer>();
  #begun = Promise.withResolvers<Exchange>();
  /** True once the newest request has its answer. */
  #heard = false;
  #asksBack = false;

  private constructor({ url, headers }: McpEndpoint, { client, timeoutMs, signal }: SessionOptions) {
    this.#timeoutMs = timeoutMs;
    this.#limit = new LinkedAbort(...(signal === undefined ? [] : [signal]));
    this.#limit.abortAfter(timeoutMs, () => new FetchError("timeout", `It took longer than ${timeoutMs} ms.`));
    const onExchange = (exchange: Exchange) => this.#follow(exchange);
    this.#transport = new StreamableHTTPClientTransport(new URL(url), {
      fetch: sessionFetch({ client, headers, timeoutMs: timeoutMs + farewellMs, onExchange }),
      requestInit: { redirect: "manual" },
    });
    // The client keeps what was set before it connects.
    Object.assign(this.#transport, { onmessage: (message: JSONRPCMessage) => this.#hear(message) });
  }

  /** @throws {McpFailure} */
  static async open(endpoint: McpEndpoint, options: SessionOptions): Promise<McpSession> {
    const session = new McpSession(endpoint, options);
    const { signal } = session.#limit;
    const connecting = session.#client.connect(session.#transport, { signal, timeout: session.#timeoutMs });
    try {
      await Promise.race([connecting, session.#lost("initialize"), session.#stopped()]);
      return session;
    } catch (error) {
      connecting.catch(() => undefined);
      const { message, status } = session.#failure(error);
      void session.close();
      // Nothing was asked yet.
      throw new McpFailure(message, { status, wasRefused: true, hasLostSession: false }, error);
    }
  }

  /**
   * Asks the server.
   * @throws {McpFailure}
   */
  async ask(method: "tools/list" | "tools/call", params: Record<string, unknown>): Promise<RpcAnswer> {
    this.#answer = Promise.withResolvers();
    this.#asksBack = false;
    this.#exchange = undefined;
    const { promise: answer } = this.#answer;
    const { signal } = this.#limit;
    // The answer is read as it came: the client drops what is not of the revision that was agreed on.
    const asking = this.#client
      .request({ method, params }, anyResult, { signal, timeout: this.#timeoutMs })
      .then(() => answer);
    try {
      return await Promise.race([answer, asking, this.#lost(method)]);
    } catch (error) {
      asking.catch(() => undefined);
      throw this.#failure(error);
    }
  }

  /** Tells the server that the session is over, for a short time. It never rejects. */
  async close(): Promise<void> {
    const leaving = (async () => {
      await Promise.allSettled(this.#notices);
      await this.#transport.terminateSession();
    })().catch(() => undefined);
    await Promise.race([leaving, sleep(farewellMs, undefined, { ref: false })]);
    this.#limit[Symbol.dispose]();
    await this.#client.close().catch(() => undefined);
    await this.#transport.close().catch(() => undefined);
  }

  #follow(exchange: Exchange): void {
    const { method, ended } = exchange;
    if (method?.startsWith("notifications/") === true) {
      const notice = ended.finally(() => this.#notices.delete(notice));
      this.#notices.add(notice);
    } else if (method !== undefined) {
      this.#exchange = exchange;
      this.#heard = false;
      this.#begun.resolve(exchange);
    }
  }

  /** Rejects once the response has ended and nothing more of it is to be read. The client would wait for its whole time limit. */
  async #lost(method: string): Promise<never> {
    this.#begun = Promise.withResolvers();
    const exchange = await this.#begun.promise;
    if (exchange.method !== method) return this.#lost(method);
    const failure = await exchange.ended;
    await sleep(readingMs, undefined, { ref: false });
    if (this.#heard) return new Promise<never>(() => undefined);
    throw failure ?? new FetchError("bad-response", "The response ended without an answer.");
  }

  /** Rejects when the time of the session is over, or its caller gives up. */
  #stopped(): Promise<never> {
    const { signal } = this.#limit;
    return new Promise((_resolve, reject) => {
      const stop = () => reject(new FetchError("aborted", "The session was stopped."));
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    });
  }

  #hear(message: JSONRPCMessage): void {
    if ("method" in message) {
      // The client refuses it, as it has no such capability: a visitor is never asked by a server.
      if ("id" in message && message.method !== "ping") this.#asksBack = true;
      return;
    }
    if (this.#exchange?.id === undefined || message.id !== this.#exchange.id) return;
    this.#heard = true;
    if ("error" in message) this.#answer.resolve({ error: message.error });
    else this.#answer.resolve({ result: message.result, asksBack: this.#asksBack });
  }

  #failure(error: unknown): McpFailure {
    const { wasSent = false, status } = this.#exchange ?? {};
    const isRefusal = status !== undefined && status >= 400 && status < 500 && !openRefusals.has(status);
    const hasLostSession = this.#transport.sessionId !== undefined && (status === 404 || status === 400);
    return new McpFailure(
      this.#describe(error, status),
      { wasRefused: !wasSent || isRefusal, hasLostSession, status },
      error,
    );
  }

  #describe(error: unknown, status: number | undefined): string {
    const { reason } = this.#limit.signal as { reason: unknown };
    if (status !== undefined && (status < 200 || status >= 300)) return `The server answered with status ${status}.`;
    if (reason instanceof FetchError) return reason.message;
    if (this.#limit.signal.aborted) return "The call was stopped.";
    if (error instanceof FetchError) return error.message;
    return "The server gave no answer of the protocol.";
  }
}
