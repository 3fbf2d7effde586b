import type { Request, Response } from "express";
import type { Pool } from "pg";
import { type KeyRow, readKey } from "../../../shared/db/desk/operator-keys.ts";
import { boundedMap } from "../../../shared/bounded-map.ts";
import type { Logger } from "../../../shared/logger.ts";
import { hashOfKey } from "../../../shared/operator-key.ts";
import type { EventStreams } from "../follow/sse.ts";
import type { LoginThrottle } from "../limits/login-throttle.ts";
import { clientOf, untilClosed } from "../middleware/client.ts";
import { idsOf } from "../middleware/request-id.ts";

interface KeysOptions {
  pool: Pool;
  siteId: string;
  loginThrottle: LoginThrottle;
  streams: Pick<EventStreams, "sendBack">;
  log: Logger;
}

/** A key with its operator, as its row was read. */
export interface FoundKey extends KeyRow {
  /** Its hash, in base64. */
  hash: string;
}

/** Time for which a key's row is used again: a revoked key opens nothing after it. */
const freshMs = 1000;
/** Maximum keys remembered. */
const maxKeys = 1000;
/** Interval at which the keys of open event streams are read again. */
const streamCheckMs = 2000;

/** Finds operators' keys by their hashes. */
export class OperatorKeys {
  readonly #options: KeysOptions;
  /** By hash: keys that were read before. A client who holds one is not guessing. */
  readonly #known = boundedMap<{ row: KeyRow; readAt: number }>(maxKeys);
  /** Open event streams, by the hash of their key. */
  readonly #streams = new Map<string, Set<Response>>();
  #checks: NodeJS.Timeout | undefined;

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  /**
   * Finds a key, valid or not, and counts one that has never been.
   * @throws {Problem} 429 for an unknown key, when the client has guessed too often
   */
  async find(req: Request, credential: string): Promise<FoundKey | undefined> {
    const { loginThrottle, log } = this.#options;
    const hash = hashOfKey(credential)?.toString("base64");
    const known = hash === undefined ? undefined : await this.#findKnown(hash);
    if (known) return known;
    const { network } = clientOf(req);
    // Refuses a client that has guessed too often, before anything is read for it.
    await loginThrottle.compare("operator-key", network, () => true);
    const found = hash === undefined ? undefined : await this.#read(hash);
    await loginThrottle.compare("operator-key", network, () => found);
    if (!found) log.warn(idsOf(req), "an operator's key was wrong");
    return found;
  }

  /** Ends an event stream soon after its key. */
  watch({ hash }: FoundKey, res: Response): void {
    const closed = untilClosed(res);
    if (closed.aborted) return;
    const open = this.#streams.get(hash) ?? new Set();
    this.#streams.set(hash, open.add(res));
    this.#checks ??= setInterval(() => void this.#endStreams(), streamCheckMs).unref();
    closed.addEventListener("abort", () => {
      open.delete(res);
      if (open.size === 0 && this.#streams.get(hash) === open) this.#streams.delete(hash);
      if (this.#streams.size > 0) return;
      clearInterval(this.#checks);
      this.#checks = undefined;
    });
  }

  async #findKnown(hash: string): Promise<FoundKey | undefined> {
    const known = this.#known.get(hash);
    if (!known) return undefined;
    return performance.now() - known.readAt < freshMs ? { ...known.row, hash } : this.#read(hash);
  }

  async #read(hash: string): Promise<FoundKey | undefined> {
    const { pool, siteId } = this.#options;
    const readAt = performance.now();
    const row = await readKey(pool, Buffer.from(hash, "base64"), siteId);
    if (!row) return undefined;
    this.#known.set(hash, { row, readAt });
    return { ...row, hash };
  }

  async #endStreams(): Promise<void> {
    for (const [hash, open] of this.#streams) {
      // While the row cannot be read, nothing that the stream would show can be read either.
      const row = await this.#read(hash).catch(() => undefined);
      if (row && row.state !== "valid") for (const res of open) this.#options.streams.sendBack(res);
    }
  }
}
