import { FetchError } from "../../../shared/fetch/fetch-error.ts";
import type { FetchedResponse, GuardedFetch, ResponseHead } from "../../../shared/fetch/guarded-fetch.ts";
import { normalizeAddress } from "./address.ts";
import { contentTypeCharset } from "./charset/meta-charset.ts";
import { type HostPace, readRetryAfter } from "./host-pace.ts";
import type { RobotsCache } from "./robots/robots-cache.ts";
import { isAllowed } from "./robots/robots-file.ts";
import { readRobotsHeader } from "./robots/robots-header.ts";

/** Reasons for which a page is not taken, until something about it changes. */
export type LeftOutReason = "robots" | "address" | "size" | "redirects" | "media-type" | "status";

/** Outcome of fetching a page. `message` is for the owner of the site. */
export type PageOutcome =
  | { kind: "unchanged" }
  | {
      kind: "page";
      bytes: Buffer;
      /** Type and subtype in lower case; `""` if the server sent none. */
      mediaType: string;
      /** Whole `Content-Type`, for decoding. */
      contentType: string | undefined;
      charset: string | undefined;
      /** Normalised address after redirects. */
      url: string;
      etag: string | undefined;
      lastModified: string | undefined;
      /** True if the header `X-Robots-Tag` forbids to take the page. */
      noindex: boolean;
    }
  | { kind: "gone"; status: number }
  | { kind: "left-out"; reason: LeftOutReason; message: string }
  | { kind: "try-later"; reason: "robots" | "network" | "status"; message: string; afterMs: number };

interface FetchPageOptions {
  client: GuardedFetch;
  robots: RobotsCache;
  pace: HostPace;
  userAgent: string;
  maxBytes: number;
  signal: AbortSignal;
  /** Media types whose bodies are read. */
  accepts: (mediaType: string) => boolean;
}

/** Validators of the version that is stored. */
interface StoredVersion {
  etag?: string | undefined;
  lastModified?: string | undefined;
}

const maxRedirects = 10;
/** Time for one request of a page, without the wait for its turn. */
const timeoutMs = 60_000;
/** Pause after a failure that names none. */
const retryMs = 300_000;

/** Statuses that a later request may not have. */
const passingStatuses = new Set([408, 425, 429]);

class LeftOut extends Error {
  override name = "LeftOut";
  readonly reason: LeftOutReason;

  constructor(reason: LeftOutReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Fetches a page in its host's turn, if the robots.txt of its origin allows it; the same for each redirect.
 * @throws {FetchError} `aborted`, or the reason of the signal
 */
export async function fetchPage(
  address: string,
  stored: StoredVersion,
  options: FetchPageOptions,
): Promise<PageOutcome> {
  const start = normalizeAddress(address);
  if (start === undefined) return leftOut("address", "The address is no valid URL of a page.");
  try {
    let url = new URL(start);
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      const step = await fetchStep(url, stored, options);
      if (!("redirectsTo" in step)) return step;
      url = step.redirectsTo;
    }
    return leftOut("redirects", `The address redirects more than ${maxRedirects} times.`);
  } catch (error) {
    if (error instanceof LeftOut) return leftOut(error.reason, error.message);
    if (error instanceof FetchError && error.code !== "aborted") return ofFetchError(error);
    throw error;
  }
}

async function fetchStep(
  url: URL,
  stored: StoredVersion,
  options: FetchPageOptions,
): Promise<PageOutcome | { redirectsTo: URL }> {
  const { client, robots, pace, signal, userAgent } = options;
  const answer = await robots.find(url, signal);
  if (answer.kind === "stay-away") {
    return { kind: "try-later", reason: "robots", message: answer.reason, afterMs: answer.afterMs };
  }
  if (!isAllowed(answer.rules, url)) return leftOut("robots", "robots.txt of the site does not allow this address.");
  const get = () => client.get(url.href, requestOf(stored, options));
  const response = await pace.run(url.host, signal, get, answer.rules.crawlDelaySeconds);
  if (response.redirectsTo !== undefined) return { redirectsTo: response.redirectsTo };
  const outcome = ofResponse(response, userAgent);
  if (outcome.kind === "try-later" && response.headers["retry-after"] !== undefined) {
    pace.holdOff(url.host, outcome.afterMs);
  }
  return outcome;
}

function requestOf({ etag, lastModified }: StoredVersion, { maxBytes, signal, accepts }: FetchPageOptions) {
  const onResponse = ({ status, headers }: ResponseHead): void => {
    const mediaType = mediaTypeOf(headers["content-type"]);
    if (status === 200 && mediaType !== "" && !accepts(mediaType)) {
      throw new LeftOut("media-type", `Files of the type ${mediaType} are not read.`);
    }
  };
  const headers = {
    accept: "text/html, application/xhtml+xml, text/plain, text/markdown, application/pdf, */*;q=0.5",
    ...(etag !== undefined && { "if-none-match": etag }),
    ...(lastModified !== undefined && { "if-modified-since": lastModified }),
  };
  return { headers, maxBytes, timeoutMs, signal, maxRedirects: 0, onResponse };
}

function ofResponse({ status, headers, bytes, url }: FetchedResponse, userAgent: string): PageOutcome {
  if (status === 304) return { kind: "unchanged" };
  if (status === 404 || status === 410) return { kind: "gone", status };
  if (status >= 500 || passingStatuses.has(status)) {
    const afterMs = readRetryAfter(headers["retry-after"]) ?? retryMs;
    return { kind: "try-later", reason: "status", message: statusMessage(status), afterMs };
  }
  if (status !== 200) return leftOut("status", statusMessage(status));
  const contentType = headers["content-type"];
  return {
    kind: "page",
    bytes,
    mediaType: mediaTypeOf(contentType),
    contentType,
    charset: contentTypeCharset(contentType),
    url: normalizeAddress(url.href) ?? url.href,
    etag: headers["etag"],
    lastModified: headers["last-modified"],
    noindex: readRobotsHeader(headers["x-robots-tag"], userAgent).noindex,
  };
}

function statusMessage(status: number): string {
  return `The server answered with status ${status}.`;
}

function mediaTypeOf(contentType = ""): string {
  return (/^\s*([^;,\s]+)/.exec(contentType)?.[1] ?? "").toLowerCase();
}

function leftOut(reason: LeftOutReason, message: string): PageOutcome {
  return { kind: "left-out", reason, message };
}

function ofFetchError(error: FetchError): PageOutcome {
  if (error.retryable) return { kind: "try-later", reason: "network", message: error.message, afterMs: retryMs };
  if (error.code === "too-large") return leftOut("size", error.message);
  return leftOut("address", error.message);
}
