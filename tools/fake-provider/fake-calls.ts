import type { ServerResponse } from "node:http";
import { FakeAnswer } from "./fake-script.ts";

export interface LoggedCall<Request> {
  request: Request;
  /** Time by `performance.now()`, in milliseconds. */
  startedAt: number;
  /** Settles when the connection is done with this call. */
  ended: Promise<FakeCallEnd>;
}

export interface FakeCallEnd {
  /** `answered`: all was sent. `cut`: the script broke off. `disconnected`: the client closed first. */
  how: "answered" | "cut" | "disconnected";
  at: number;
}

export interface CallStats {
  inflight: number;
  /** Maximum at one time; `GET /stats` resets it to the present number. */
  maxInflight: number;
  total: number;
}

/** Counts calls and optionally records them for tests. */
export class CallLog<Request> {
  readonly calls: LoggedCall<Request>[] = [];
  readonly stats: CallStats = { inflight: 0, maxInflight: 0, total: 0 };
  readonly #record: boolean;
  #waiters: { number: number; resolve: (call: LoggedCall<Request>) => void }[] = [];

  constructor(record: boolean) {
    this.#record = record;
  }

  /** @returns the number of the call */
  add(request: Request, response: ServerResponse): number {
    const { stats } = this;
    stats.total++;
    stats.inflight++;
    stats.maxInflight = Math.max(stats.maxInflight, stats.inflight);
    const { promise: ended, resolve } = Promise.withResolvers<FakeCallEnd>();
    response.once("close", () => {
      stats.inflight--;
      resolve({ how: howItEnded(response), at: performance.now() });
    });
    if (this.#record) {
      this.calls.push({ request, startedAt: performance.now(), ended });
      this.#waiters = this.#waiters.filter(({ number, resolve: found }) => {
        const call = this.calls[number - 1];
        if (call) found(call);
        return !call;
      });
    }
    return stats.total;
  }

  waitFor(number: number): Promise<LoggedCall<Request>> {
    const call = this.calls[number - 1];
    if (call) return Promise.resolve(call);
    const { promise, resolve } = Promise.withResolvers<LoggedCall<Request>>();
    this.#waiters.push({ number, resolve });
    return promise;
  }

  /** Returns the counts since the last read. */
  readStats(): CallStats {
    const now = { ...this.stats };
    this.stats.maxInflight = this.stats.inflight;
    return now;
  }
}

function howItEnded(response: ServerResponse): FakeCallEnd["how"] {
  if (response.writableFinished) return "answered";
  return FakeAnswer.wasCut(response) ? "cut" : "disconnected";
}
