import { randomUUID } from "node:crypto";
import { boundedMap } from "../../../shared/bounded-map.ts";
import type { DocumentToFetch } from "../../../shared/db/knowledge/documents.ts";
import type { GuardedFetch } from "../../../shared/fetch/guarded-fetch.ts";
import { decodePage } from "../crawl/charset/decode-page.ts";
import { fetchPage, type PageOutcome } from "../crawl/fetch-page.ts";
import { HostPace } from "../crawl/host-pace.ts";
import { RobotsCache } from "../crawl/robots/robots-cache.ts";
import { maxSitemapBytes, readSitemaps } from "../crawl/sitemaps/read-sitemaps.ts";
import { isErrorText } from "../crawl/soft-404.ts";
import type { Extraction } from "../extract/extraction.ts";
import type { Extractor } from "../extract/extractor.ts";

/** Maximum pages of one sitemap source. */
const maxPages = 20_000;
/** Maximum size of a page or file, after decompression. */
const maxPageBytes = 20_000_000;
const sitemapTimeoutMs = 120_000;
/** Sites whose error page is remembered, and for how long. */
const maxSites = 100;
const probeKeptMs = 3_600_000;

const documentTypes = new Set([
  "application/pdf",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
]);
const textTypes = new Set(["text/html", "application/xhtml+xml", "text/plain", "text/markdown", "text/x-markdown"]);

export type FetchedPage = Extract<PageOutcome, { kind: "page" }>;

/** Addresses that a sitemap lists. */
interface ListedPages {
  urls: string[];
  /** Why pages may be missing. Absent: none is. */
  missing?: string;
}

/** A source whose pages cannot be listed now. The message is for its owner. */
export class ListingError extends Error {
  override name = "ListingError";
}

interface WebOptions {
  client: GuardedFetch;
  extractor: Extractor;
  userAgent: string;
  /** Pause between two requests to one host. */
  pauseMs: number;
}

/** Pages of other people's sites, at a polite pace. */
export class Web {
  readonly #options: WebOptions;
  readonly #pace: HostPace;
  readonly #robots: RobotsCache;
  readonly #errorPages = boundedMap<{ text: Promise<string>; until: number }>(maxSites);

  constructor(options: WebOptions) {
    const { client, userAgent, pauseMs } = options;
    this.#options = options;
    this.#pace = new HostPace({ pauseMs });
    this.#robots = new RobotsCache({ client, pace: this.#pace, userAgent });
  }

  /**
   * Lists the pages of a sitemap, and of those that it names.
   * @throws {ListingError} if it names no page
   */
  async listPages(sitemap: string, signal: AbortSignal): Promise<ListedPages> {
    const { client } = this.#options;
    const { host } = new URL(sitemap);
    const get = (address: string) =>
      client.get(address, { maxBytes: maxSitemapBytes, timeoutMs: sitemapTimeoutMs, signal });
    const { addresses, failures, complete } = await readSitemaps([sitemap], {
      fetchFile: (address) => this.#pace.run(new URL(address).host, signal, () => get(address)),
      hosts: [host],
      maxAddresses: maxPages,
    });
    const faults = failures.map(({ address, reason }) => `${address}: ${reason}`).join(" ");
    if (addresses.length === 0) throw new ListingError(faults || `${sitemap} lists no page of ${host}.`);
    if (complete) return { urls: addresses };
    return { urls: addresses, missing: faults || `It lists more than ${maxPages} pages. Only these were read.` };
  }

  /** Fetches a page, if it has changed since it was stored. */
  fetchPage(
    document: Pick<DocumentToFetch, "url" | "etag" | "lastModified">,
    signal: AbortSignal,
  ): Promise<PageOutcome> {
    const { client, userAgent } = this.#options;
    const stored = { etag: document.etag ?? undefined, lastModified: document.lastModified ?? undefined };
    return fetchPage(document.url, stored, {
      client,
      userAgent,
      robots: this.#robots,
      pace: this.#pace,
      maxBytes: maxPageBytes,
      signal,
      accepts: (mediaType) => textTypes.has(mediaType) || documentTypes.has(mediaType),
    });
  }

  /** Takes the text of a page or file. */
  extract({
    bytes,
    mediaType,
    contentType,
    url,
  }: Pick<FetchedPage, "bytes" | "mediaType" | "url"> & { contentType?: string | undefined }): Promise<Extraction> {
    const { extractor } = this.#options;
    if (documentTypes.has(mediaType)) return extractor.extract({ url, mediaType, bytes });
    // Most servers that send no type send pages.
    const type = mediaType === "" ? "text/html" : mediaType;
    return extractor.extract({ url, mediaType: type, text: decodePage(bytes, contentType).text });
  }

  /** True if the text is that of the site's error page, which it sends with status 200. */
  async isErrorPage(url: string, text: string, signal: AbortSignal): Promise<boolean> {
    const { origin } = new URL(url);
    const known = this.#errorPages.get(origin);
    // A probe that another look has stopped says nothing.
    const shared = known && known.until > Date.now() ? await known.text.catch(() => undefined) : undefined;
    return isErrorText(text, shared ?? (await this.#probeAnew(origin, signal)));
  }

  async #probeAnew(origin: string, signal: AbortSignal): Promise<string> {
    const probe = { text: this.#probe(origin, signal), until: Date.now() + probeKeptMs };
    this.#errorPages.set(origin, probe);
    return probe.text;
  }

  /** @returns the text that the site sends for an address that it cannot have; empty if it says so by its status */
  async #probe(origin: string, signal: AbortSignal): Promise<string> {
    const outcome = await this.fetchPage({ url: `${origin}/${randomUUID()}`, etag: null, lastModified: null }, signal);
    if (outcome.kind !== "page") return "";
    const extracted = await this.extract(outcome);
    return "failed" in extracted ? "" : extracted.lines.map(({ text }) => text).join("\n");
  }
}
