import { FetchError } from "../../../../shared/fetch/fetch-error.ts";
import type { GuardedFetch } from "../../../../shared/fetch/guarded-fetch.ts";
import { boundedMap } from "../../../../shared/bounded-map.ts";
import { type HostPace, readRetryAfter } from "../host-pace.ts";
import { maxRobotsBytes, noRules, readRobotsFile, type RobotsRules } from "./robots-file.ts";

/** Rules of an origin, or how long to stay away from it. */
type RobotsAnswer = { kind: "rules"; rules: RobotsRules } | { kind: "stay-away"; reason: string; afterMs: number };

/** A copy is used for a day at most (RFC 9309 2.4). */
const keptMs = 86_400_000;
/** Pause after a robots.txt that could not be read. */
const unreadableMs = 600_000;
const maxOrigins = 1000;
/** Redirects that are followed, to other hosts, too (RFC 9309 2.3.1.2). */
const maxRedirects = 5;
const timeoutMs = 15_000;

interface RobotsCacheOptions {
  client: GuardedFetch;
  pace: HostPace;
  userAgent: string;
  now?: () => number;
}

/** Reads the robots.txt of each origin once a day, before its first page. */
export class RobotsCache {
  readonly #options: Required<RobotsCacheOptions>;
  readonly #known = boundedMap<{ answer: Promise<RobotsAnswer>; until: number }>(maxOrigins);

  constructor(options: RobotsCacheOptions) {
    this.#options = { now: Date.now, ...options };
  }

  /** Finds the rules for an address: those of its scheme, host and port. Requests at the same time share one answer. */
  async find(url: URL, signal: AbortSignal): Promise<RobotsAnswer> {
    const { now } = this.#options;
    const known = this.#known.get(url.origin);
    if (known !== undefined && known.until > now()) {
      const answer = await known.answer.catch(() => undefined);
      // A read that another caller stopped says nothing.
      return answer ?? (await this.find(url, signal));
    }
    const entry = { answer: this.#read(url, signal), until: now() + keptMs };
    this.#known.set(url.origin, entry);
    try {
      const answer = await entry.answer;
      if (answer.kind === "stay-away") entry.until = now() + answer.afterMs;
      return answer;
    } catch (error) {
      this.#known.delete(url.origin);
      throw error;
    }
  }

  async #read(url: URL, signal: AbortSignal): Promise<RobotsAnswer> {
    const { client, pace, userAgent } = this.#options;
    const get = { maxBytes: maxRobotsBytes + 1, overflow: "cut", maxRedirects, timeoutMs, signal } as const;
    try {
      const { status, headers, bytes } = await pace.run(url.host, signal, () =>
        client.get(`${url.origin}/robots.txt`, get),
      );
      if (status >= 200 && status < 300) return { kind: "rules", rules: readRobotsFile(bytes, userAgent) };
      // A server that is busy has not said that there are no rules.
      if (status < 500 && status !== 429) return { kind: "rules", rules: noRules };
      const afterMs = readRetryAfter(headers["retry-after"]) ?? unreadableMs;
      return stayAway(`robots.txt answers with status ${status}.`, afterMs);
    } catch (error) {
      if (!(error instanceof FetchError) || error.code === "aborted") throw error;
      // A refused address refuses the pages of its origin, too; a redirect that is not followed leads to no rules.
      if (!error.retryable) return { kind: "rules", rules: noRules };
      return stayAway(`robots.txt could not be read: ${error.message}`, unreadableMs);
    }
  }
}

function stayAway(reason: string, afterMs: number): RobotsAnswer {
  return { kind: "stay-away", reason, afterMs };
}
