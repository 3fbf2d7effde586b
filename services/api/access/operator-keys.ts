import type { Request, Response } from "express";
import type { Pool } from "pg";
import { type KeyRow, readKey } from "../../../shared/db/desk/operator-keys.ts";
import type { Logger } from "../../../shared/logger.ts";
import { hashOfKey } from "../../../shared/operator-key.ts";
import type { EventStreams } from "../follow/sse.ts";
import type { LoginThrottle } from "../limits/login-throttle.ts";
import { clientOf } from "../middleware/client.ts";
import { idsOf } from "../middleware/request-id.ts";
import { LiveCredentials } from "./live-credentials.ts";

interface KeysOptions {
  pool: Pool;
  siteId: string;
  loginThrottle: LoginThrottle;
  streams: Pick<EventStreams, "sendBack">;
  log: Logger;
}

/** A key with its operator, as its row was read. */
interface FoundKey extends KeyRow {
  /** Its hash, in base64. */
  hash: string;
}

/** Finds operators' keys by their hashes. */
export class OperatorKeys {
  readonly #options: KeysOptions;
  /** By hash, in base64. */
  readonly #live: LiveCredentials<KeyRow>;

  constructor(options: KeysOptions) {
    const { pool, siteId, streams } = options;
    this.#options = options;
    this.#live = new LiveCredentials({ read: (hash) => readKey(pool, Buffer.from(hash, "base64"), siteId), streams });
  }

  /**
   * Finds a key, valid or not, and counts one that has never been.
   * @throws {Problem} 429 for an unknown key, when the client has guessed too often
   */
  async find(req: Request, credential: string): Promise<FoundKey | undefined> {
    const { loginThrottle, log } = this.#options;
    const hash = hashOfKey(credential)?.toString("base64");
    const known = hash === undefined ? undefined : await this.#live.findKnown(hash);
    if (known && hash !== undefined) return { ...known, hash };
    const { network } = clientOf(req);
    // Refuses a client that has guessed too often, before anything is read for it.
    await loginThrottle.compare("operator-key", network, () => true);
    const row = hash === undefined ? undefined : await this.#live.read(hash);
    const found = await loginThrottle.compare("operator-key", network, () => row);
    if (!found || hash === undefined) {
      log.warn(idsOf(req), "an operator's key was wrong");
      return undefined;
    }
    return { ...found, hash };
  }

  /** Ends an event stream soon after its key. */
  watch({ hash }: FoundKey, res: Response): void {
    this.#live.watch(hash, res);
  }
}
