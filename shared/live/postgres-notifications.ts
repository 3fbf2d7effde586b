import pg from "pg";
import { linearBackoffMs } from "../async/backoff.ts";
import { pause } from "../async/pause.ts";
import { connectionOptions } from "../postgres/connection-options.ts";
import { probeConnectionEveryMs, silentConnectionMs } from "../tunables.ts";

interface NotificationHandlers {
  notified(channel: string, payload: string): void;
  /** Called when a connection is established; it does not listen to anything yet. */
  connected(): void;
  disconnected(): void;
  /** Receives the first error of each outage. */
  failed(error: Error): void;
}

/** Pauses before a lost connection is replaced: streams are slower meanwhile. */
const pauses = { firstMs: 100, longestMs: 1000 };

/** A single connection for LISTEN, replaced whenever it is lost, until it is closed. */
export class PostgresNotifications {
  readonly #connectionString: string;
  readonly #handlers: NotificationHandlers;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #connection: ListenConnection | undefined;

  constructor(connectionString: string, handlers: NotificationHandlers) {
    this.#connectionString = connectionString;
    this.#handlers = handlers;
    this.#running = this.#stayConnected();
  }

  /** Resolves once the current connection listens. A new connection needs a new call. */
  async listen(channel: string): Promise<void> {
    await this.#connection?.listen(channel);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection?.end();
    await this.#running;
  }

  async #stayConnected(): Promise<void> {
    const { signal } = this.#closing;
    let failures = 0;
    while (!signal.aborted) {
      const connection = new ListenConnection(this.#connectionString, (...message) =>
        this.#handlers.notified(...message),
      );
      this.#connection = connection;
      try {
        await connection.open();
        failures = 0;
        this.#handlers.connected();
        await connection.ended;
      } catch (error) {
        if (failures === 0 && !signal.aborted) this.#handlers.failed(error as Error);
      }
      this.#handlers.disconnected();
      connection.end();
      failures += 1;
      await pause(linearBackoffMs(failures, pauses), signal);
    }
  }
}

/** One connection for LISTEN, from its opening to its end. */
class ListenConnection {
  /** Rejects with the reason why the connection ended. */
  readonly ended: Promise<never>;
  readonly #fail: (reason: unknown) => void;
  readonly #client: pg.Client;
  readonly #listening = new Map<string, Promise<unknown>>();
  #lastQuery: Promise<unknown> = Promise.resolve();
  #probes: NodeJS.Timeout | undefined;

  constructor(connectionString: string, notified: NotificationHandlers["notified"]) {
    const client = new pg.Client({
      ...connectionOptions(connectionString),
      fallback_application_name: "parley-live",
      keepAlive: true,
      connectionTimeoutMillis: silentConnectionMs,
      query_timeout: silentConnectionMs,
    });
    client.on("notification", ({ channel, payload = "" }) => notified(channel, payload));
    const { promise, reject } = Promise.withResolvers<never>();
    this.ended = promise;
    this.#fail = reject;
    client.on("error", reject);
    client.on("end", () => reject(new Error("the connection that listens ended")));
    // If it ends while it is opened, `open` rejects too, and that rejection is handled.
    this.ended.catch(() => undefined);
    this.#client = client;
  }

  async open(): Promise<void> {
    await this.#client.connect();
    this.#probes = setInterval(
      () => void this.#query("select 1").catch(() => undefined),
      probeConnectionEveryMs,
    ).unref();
  }

  async listen(channel: string): Promise<void> {
    const known = this.#listening.get(channel);
    const listening = known ?? this.#query(`listen ${channel}`);
    if (!known) this.#listening.set(channel, listening);
    await listening;
  }

  /**
   * Ends the connection without `Client#end`, which waits for the server to answer and leaves a `connect` in flight
   * unsettled forever.
   */
  end(): void {
    clearInterval(this.#probes);
    this.#client.connection.stream.destroy();
  }

  /** Runs one query at a time, as `pg` requires. A connection that fails at so little is abandoned. */
  #query(text: string): Promise<unknown> {
    const result = this.#lastQuery.then(() => this.#client.query(text));
    this.#lastQuery = result.catch(this.#fail);
    return result;
  }
}
