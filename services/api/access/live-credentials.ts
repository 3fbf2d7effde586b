import type { Response } from "express";
import { boundedMap } from "../../../shared/bounded-map.ts";
import type { EventStreams } from "../follow/sse.ts";
import { untilClosed } from "../middleware/client.ts";

interface LiveOptions<Row> {
  /** Reads a credential's row; `undefined` if there is none. */
  read: (id: string) => Promise<Row | undefined>;
  streams: Pick<EventStreams, "sendBack">;
}

/** Time for which a row is used again: a revoked credential opens nothing after it. */
const freshMs = 1000;
/** Maximum credentials remembered. */
const maxKnown = 1000;
/** Interval at which the credentials of open event streams are read again. */
const streamCheckMs = 2000;

/** Rows of credentials that were used before, and the event streams that are open with them. */
export class LiveCredentials<Row extends { state: string }> {
  readonly #options: LiveOptions<Row>;
  readonly #known = boundedMap<{ row: Row; readAt: number }>(maxKnown);
  readonly #streams = new Map<string, Set<Response>>();
  #checks: NodeJS.Timeout | undefined;

  constructor(options: LiveOptions<Row>) {
    this.#options = options;
  }

  /** Finds a credential that was used before. A client who holds one is not guessing. */
  async findKnown(id: string): Promise<Row | undefined> {
    const known = this.#known.get(id);
    if (!known) return undefined;
    return performance.now() - known.readAt < freshMs ? known.row : this.read(id);
  }

  /** Reads a credential's row now. */
  async read(id: string): Promise<Row | undefined> {
    const readAt = performance.now();
    const row = await this.#options.read(id);
    if (row) this.#known.set(id, { row, readAt });
    else this.forget(id);
    return row;
  }

  /** Has a credential's row read again at its next use. */
  forget(id: string): void {
    this.#known.delete(id);
  }

  /** Ends an event stream soon after its credential. */
  watch(id: string, res: Response): void {
    const closed = untilClosed(res);
    if (closed.aborted) return;
    const open = this.#streams.get(id) ?? new Set();
    this.#streams.set(id, open.add(res));
    this.#checks ??= setInterval(() => void this.#endStreams(), streamCheckMs).unref();
    closed.addEventListener("abort", () => {
      open.delete(res);
      if (open.size === 0 && this.#streams.get(id) === open) this.#streams.delete(id);
      if (this.#streams.size > 0) return;
      clearInterval(this.#checks);
      this.#checks = undefined;
    });
  }

  async #endStreams(): Promise<void> {
    for (const [id, open] of this.#streams) {
      // While the row cannot be read, nothing that the stream would show can be read either.
      const ended = await this.read(id).then(
        (row) => row?.state !== "valid",
        () => false,
      );
      if (ended) for (const res of open) this.#options.streams.sendBack(res);
    }
  }
}
