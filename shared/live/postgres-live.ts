import type { Pool } from "pg";
import type { BatchResult } from "../async/batch/batch-work.ts";
import { Batcher } from "../async/batch/batcher.ts";
import { within } from "../async/within.ts";
import { isDatabaseAway } from "../postgres/database-away.ts";
import type { Statement } from "../postgres/statement.ts";
import { draftStatements, liveChannel } from "./drafts/draft-statements.ts";
import { changeMessage, decodeHint, decodeTyping, encodeDelta, encodeTyping } from "./hints.ts";
import { liveTimeoutMs } from "../tunables.ts";
import { largestBatchedText } from "./live.ts";
import type { Delta, DraftSlice, HintListener, Live, TypingHint } from "./live.ts";
import { PostgresNotifications } from "./postgres-notifications.ts";
import { dropStaleDrafts } from "./drafts/stale-drafts.ts";
import { Subscriptions } from "./subscriptions.ts";

interface PostgresLiveOptions {
  /** Pool for drafts and for sending hints. Stays open when this is closed. */
  pool: Pool;
  /** URL for the one connection of this process that listens. */
  connectionString: string;
  /** Receives the first error of each outage of that connection. */
  onError: (error: Error) => void;
  timeoutMs?: number;
}

/**
 * Drafts and hints on PostgreSQL: drafts are rows of an unlogged table, hints are LISTEN/NOTIFY. Resolves within
 * `timeoutMs`, even when PostgreSQL is down; then every call rejects until it is up again.
 */
export async function createPostgresLive(options: PostgresLiveOptions): Promise<Live> {
  const { timeoutMs = liveTimeoutMs } = options;
  const live = new PostgresLive({ ...options, timeoutMs });
  await within(timeoutMs, live.connected).catch(() => undefined);
  return live;
}

const cancelChannel = "parley_cancel";
const typingChannel = "parley_typing";
/** Channels that are topics as a whole. */
const wholeChannels: ReadonlySet<string> = new Set([cancelChannel, typingChannel]);
/** Maximum payload: NOTIFY refuses 8,000 bytes. */
const maxPayloadBytes = 7999;
/** Length of the job's id that starts a payload. */
const jobIdLength = 36;

class PostgresLive implements Live {
  /** Resolves when the listening connection is first established. */
  readonly connected: Promise<void>;
  readonly #pool: Pool;
  readonly #timeoutMs: number;
  readonly #notifications: PostgresNotifications;
  readonly #subscriptions: Subscriptions;
  /** Joins the appends of all drafts of a moment into one statement, so into one commit. */
  readonly #appends = new Batcher<Delta, boolean>(
    {
      runBatch: (deltas) => this.#appendMany(deltas),
      runOne: (delta) => this.#append(draftStatements.append, delta),
      isOutage: isDatabaseAway,
    },
    ({ jobId }) => jobId,
  );

  constructor({ pool, connectionString, onError, timeoutMs }: Required<PostgresLiveOptions>) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.connected = promise;
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
    // Topics are job ids and the channels of cancels and of typing. Three channels of the server carry them all, so there
    // is nothing to leave.
    const subscriptions = new Subscriptions(
      { subscribe: (topics) => this.#subscribe(topics), unsubscribe: () => undefined },
      { timeoutMs, onError },
    );
    this.#subscriptions = subscriptions;
    this.#notifications = new PostgresNotifications(connectionString, {
      notified: (channel, payload) => {
        if (wholeChannels.has(channel)) subscriptions.deliver(channel, payload);
        else subscriptions.deliver(payload.slice(0, jobIdLength), payload.slice(jobIdLength));
      },
      connected: () => {
        resolve();
        subscriptions.connected();
      },
      disconnected: () => subscriptions.disconnected(),
      failed: onError,
    });
  }

  append(delta: Delta): Promise<boolean> {
    // A draft is begun once, by a statement of its own: the first words wait for no others.
    if (delta.offset === 0) return this.#append(draftStatements.begin, delta);
    return delta.text.length <= largestBatchedText
      ? this.#appends.do(delta)
      : this.#append(draftStatements.append, delta);
  }

  async rewrite({ jobId, attempt, text }: { jobId: string; attempt: number; text: string }): Promise<void> {
    const payload = jobId + encodeDelta({ attempt, offset: 0 });
    await this.#query(draftStatements.rewrite, [jobId, attempt, Buffer.from(text), payload]);
  }

  async readDraft(jobId: string, attempt: number, from: number): Promise<DraftSlice | undefined> {
    const { rows } = await this.#query(draftStatements.read, [jobId, attempt, from]);
    return rows[0];
  }

  async draftLengths(drafts: readonly { jobId: string; attempt: number }[]): Promise<number[]> {
    if (drafts.length === 0) return [];
    const values = [drafts.map(({ jobId }) => jobId), drafts.map(({ attempt }) => attempt)];
    const { rows } = await this.#query(draftStatements.lengths, values);
    return rows.map(({ length }) => length);
  }

  async dropDraft(jobId: string, attempt: number): Promise<void> {
    await this.#query(draftStatements.drop, [jobId, attempt]);
  }

  dropStale(): Promise<number> {
    return dropStaleDrafts(this.#pool);
  }

  async hintChange(jobId: string): Promise<void> {
    await this.#query(draftStatements.notify, [liveChannel, jobId + changeMessage]);
  }

  async hintCancel(jobId: string): Promise<void> {
    await this.#query(draftStatements.notify, [cancelChannel, jobId]);
  }

  async hintTyping(typing: TypingHint): Promise<void> {
    await this.#query(draftStatements.notify, [typingChannel, encodeTyping(typing)]);
  }

  listen(jobId: string, listener: HintListener): Promise<() => void> {
    return this.#subscriptions.listen(jobId, {
      hear: (message) => listener(decodeHint(message)),
      gap: () => listener({ type: "gap" }),
    });
  }

  listenForCancels(listener: (jobId: string) => void): Promise<() => void> {
    return this.#subscriptions.listen(cancelChannel, { hear: listener, gap: () => undefined });
  }

  listenForTyping(listener: (typing: TypingHint) => void): Promise<() => void> {
    return this.#subscriptions.listen(typingChannel, {
      hear: (message) => listener(decodeTyping(message)),
      gap: () => undefined,
    });
  }

  async ping(): Promise<void> {
    await this.#query(draftStatements.ping, []);
  }

  async close(): Promise<void> {
    await this.#notifications.close();
  }

  async #append(statement: Statement, { jobId, attempt, offset, text }: Delta): Promise<boolean> {
    const values = [jobId, attempt, Buffer.from(text), deltaPayload({ jobId, attempt, offset, text })];
    const { rowCount } = await this.#query(statement, offset === 0 ? values : [...values, offset]);
    return rowCount === 1;
  }

  /** A draft that is locked, or of another length, is tried alone: only that one waits then. */
  async #appendMany(deltas: readonly Delta[]): Promise<BatchResult<boolean>[]> {
    const { rows } = await this.#query(draftStatements.appendMany, [
      deltas.map(({ jobId }) => jobId),
      deltas.map(({ attempt }) => attempt),
      deltas.map(({ text }) => Buffer.from(text)),
      deltas.map(deltaPayload),
      deltas.map(({ offset }) => offset),
    ]);
    const grown = new Set(rows.map(({ jobId }) => jobId));
    return deltas.map(({ jobId }) => (grown.has(jobId) ? { result: true } : undefined));
  }

  #subscribe(topics: string[]): Promise<void>[] {
    return topics.map((topic) => this.#notifications.listen(wholeChannels.has(topic) ? topic : liveChannel));
  }

  /**
   * Runs a statement with the timeout. An abandoned statement may still run later: an append then does not match, or
   * was right.
   */
  async #query<Row>(statement: Statement<Row>, values: unknown[]): Promise<{ rows: Row[]; rowCount: number | null }> {
    const { rows, rowCount } = await within(this.#timeoutMs, this.#pool.query({ ...statement, values }));
    return { rows: rows as Row[], rowCount };
  }
}

function deltaPayload({ jobId, attempt, offset, text }: Delta): string {
  const whole = jobId + encodeDelta({ attempt, offset, text });
  return Buffer.byteLength(whole) <= maxPayloadBytes ? whole : jobId + encodeDelta({ attempt, offset });
}
