import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { atMostEvery } from "../../../shared/async/at-most-every.ts";
import type { Logger } from "../../../shared/logger.ts";
import { peerNetwork } from "./client-address.ts";

/** Reason for cutting a connection before its client closed it. */
export type CutReason = "unanswered" | "unread" | "idle" | "too-many" | "server-full";

interface ConnectionsOptions {
  /** Maximum open connections of one client address. */
  readonly maxPerClient: number;
  /** Tests whether a peer is a trusted proxy, whose connections carry many visitors. */
  readonly isProxy?: (address: string) => boolean;
  readonly onCut?: (reason: CutReason) => void;
  readonly log: Logger;
}

/**
 * Maximum requests of a connection without a complete answer. Browsers send one at a time; pipelining clients know of
 * 16.
 */
const maxUnanswered = 16;
/**
 * Maximum bytes of answers written to one client address and not yet read. An export of a long conversation has a few
 * MB.
 */
const maxUnreadBytes = 32 * 2 ** 20;
const lookForUnreadEveryMs = 250;
/** Delay before a closed connection is cut: lets a client read the last answer, and a proxy send the rest of a body. */
const lingerMs = 1000;
/**
 * Time after SIGTERM in which an idle connection may still bring a request, which is answered with `Connection: close`.
 */
const idleGraceMs = 2000;
const complainEveryMs = 60_000;

interface Client {
  count: number;
  /** Connections without a request, longest idle first. */
  readonly idle: Set<Socket>;
}

interface Connection {
  /** `undefined` for a trusted proxy, which has no limit. */
  readonly client: Client | undefined;
  readonly answers: Set<ServerResponse>;
}

/** The open connections of one server, limited per client address. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #open = new Map<Socket, Connection>();
  readonly #clients = new Map<string, Client>();
  readonly #complaintDue = atMostEvery(complainEveryMs);
  readonly #unread: NodeJS.Timeout;
  #draining = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#unread = setInterval(() => this.#cutUnread(), lookForUnreadEveryMs).unref();
  }

  /** Adds a new connection. A client at its limit loses its longest idle connection, or this one if none is idle. */
  add(socket: Socket): void {
    const { remoteAddress } = socket;
    const trusted = remoteAddress !== undefined && this.#options.isProxy?.(remoteAddress) === true;
    const network = peerNetwork(remoteAddress);
    const client = trusted ? undefined : (this.#clients.get(network) ?? { count: 0, idle: new Set() });
    if (client && client.count >= this.#options.maxPerClient) {
      const [oldest] = client.idle;
      this.cut(oldest ?? socket, oldest ? "idle" : "too-many");
      if (!oldest) return;
    }
    const connection: Connection = { client, answers: new Set() };
    this.#open.set(socket, connection);
    if (client) {
      this.#clients.set(network, client);
      client.count += 1;
      client.idle.add(socket);
    }
    socket.on("close", () => {
      if (this.#open.has(socket)) this.#forget(socket, connection);
      if (client?.count === 0 && this.#clients.get(network) === client) this.#clients.delete(network);
    });
    lingerWhileSending(socket, connection.answers);
    if (this.#draining) this.#releaseLater(socket);
  }

  /**
   * Records that a request has begun.
   * @returns false when it must not be served: its connection is closing, or has just been cut
   */
  begin({ socket }: IncomingMessage, res: ServerResponse): boolean {
    const connection = this.#open.get(socket);
    if (!connection || socket.destroyed || socket.writableEnded) return false;
    const { client, answers } = connection;
    if (answers.size >= maxUnanswered) {
      stopParsing(socket);
      this.cut(socket, "unanswered");
      return false;
    }
    client?.idle.delete(socket);
    answers.add(res);
    if (this.#draining) res.setHeader("Connection", "close");
    res.on("close", () => {
      answers.delete(res);
      if (answers.size > 0 || !this.#open.has(socket)) return;
      client?.idle.add(socket);
      if (this.#draining) this.#releaseLater(socket);
    });
    return true;
  }

  /** True if an answer to any of a connection's requests has begun. */
  hasBegunToAnswer(socket: Socket): boolean {
    return [...(this.#open.get(socket)?.answers ?? [])].some(({ headersSent }) => headersSent);
  }

  /** Cuts a connection, counts it, and logs each reason at most once a minute. */
  cut(socket: Socket | undefined, reason: CutReason): void {
    const connection = socket && this.#open.get(socket);
    // Free the slot now, not at the `close` event.
    if (socket && connection) this.#forget(socket, connection);
    socket?.destroy();
    this.#options.onCut?.(reason);
    if (this.#complaintDue(reason)) this.#options.log.warn({ reason }, complaints[reason]);
  }

  /**
   * Drains all connections without a reset. Requests in flight are answered and their connections closed. Idle
   * connections stay open briefly, because a request may be on its way.
   */
  drain(): void {
    clearInterval(this.#unread);
    this.#draining = true;
    for (const [socket, { answers }] of this.#open) {
      for (const res of answers) if (!res.headersSent) res.setHeader("Connection", "close");
      if (answers.size === 0) this.#releaseLater(socket);
    }
  }

  #releaseLater(socket: Socket): void {
    setTimeout(() => {
      if (this.#open.get(socket)?.answers.size === 0) closeLingering(socket);
    }, idleGraceMs).unref();
  }

  #forget(socket: Socket, { client }: Connection): void {
    this.#open.delete(socket);
    if (!client) return;
    client.count -= 1;
    client.idle.delete(socket);
  }

  #cutUnread(): void {
    const unread = new Map<Client, { bytes: number; most: Socket; mostBytes: number }>();
    for (const [socket, { client }] of this.#open) {
      const { writableLength } = socket;
      if (!client || writableLength === 0) continue;
      const sum = unread.get(client) ?? { bytes: 0, most: socket, mostBytes: 0 };
      sum.bytes += writableLength;
      if (writableLength > sum.mostBytes) Object.assign(sum, { most: socket, mostBytes: writableLength });
      unread.set(client, sum);
    }
    for (const { bytes, most } of unread.values()) if (bytes > maxUnreadBytes) this.cut(most, "unread");
  }
}

const complaints: Record<CutReason, string> = {
  unanswered: `a connection was cut: more than ${maxUnanswered} of its requests were not answered yet`,
  unread: "a connection was cut: its client does not read the answers it asked for",
  idle: "an idle connection was dropped: its client address has as many as MAX_CONNECTIONS_PER_ADDRESS allows",
  "too-many": "connections are dropped: a client address has as many in use as MAX_CONNECTIONS_PER_ADDRESS allows",
  "server-full": "connections are dropped: as many are open as one process takes",
};

/**
 * Half-closes a connection, and gives its client time to read. If the socket were destroyed with bytes unread, the
 * kernel would send a reset, which discards the last answer from the client's buffers.
 */
export function closeLingering(socket: Socket): void {
  socket.end();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

/**
 * Skips the rest of the bytes that were read in one go; otherwise they would be parsed, and dropped by `begin`. 64 KB
 * may hold 2,000 more requests, and Node makes an object and in the end an error with a stack for each: 30 ms in total.
 * Node has no public API for this. 2 is the parser's return value at an upgrade, after which no HTTP follows.
 */
function stopParsing(socket: Socket & { parser?: { onIncoming?: unknown } | null }): void {
  if (socket.parser?.onIncoming) socket.parser.onIncoming = () => 2;
}

/**
 * Node destroys a connection after its last answer, even while a body is still arriving. That resets the connection;
 * see `closeLingering`.
 */
function lingerWhileSending(socket: Socket, answers: ReadonlySet<ServerResponse>): void {
  socket.destroySoon = () => {
    const isSending = [...answers].some(({ req }) => !req.complete);
    if (isSending) closeLingering(socket);
    else Socket.prototype.destroySoon.call(socket);
  };
}
