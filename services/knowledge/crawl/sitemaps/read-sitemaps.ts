import { FetchError } from "../../../../shared/fetch/fetch-error.ts";
import { readBody } from "../../../../shared/fetch/read-body.ts";
import { isOfHost, normalizeAddress } from "../address.ts";
import { parseSitemap, type Sitemap } from "./parse-sitemap.ts";

/** Uncompressed size of one file, by the protocol. */
export const maxSitemapBytes = 50 * 1024 * 1024;

/** Indexes within indexes that are followed. */
const maxDepth = 3;
/** Files of one look. */
const maxFiles = 500;
/** Layers of gzip in a file: one of its own, and one by a server that compresses it again. */
const maxGzipLayers = 2;

/** Result of reading all sitemaps of a source. */
export interface SitemapLook {
  /** Normalised addresses of pages, each once, in the order of the files. */
  addresses: string[];
  /** Files that were not read, or not to their end. */
  failures: { address: string; reason: string }[];
  /** False if addresses may be missing: nothing may then be concluded from an absence. */
  complete: boolean;
}

interface SitemapOptions {
  /** Fetches one file of at most `maxSitemapBytes`. */
  fetchFile: (address: string) => Promise<{ status: number; url: URL; bytes: Uint8Array }>;
  /** Hosts of the site, with their ports. Addresses of other hosts are ignored. */
  hosts: readonly string[];
  maxAddresses: number;
}

interface Entry {
  address: string;
  depth: number;
}

/**
 * Reads sitemaps and the ones that their indexes list, each once.
 * @param starts addresses that the owner or robots.txt names; they may be on another host
 */
export async function readSitemaps(starts: readonly string[], options: SitemapOptions): Promise<SitemapLook> {
  const pages = new Set<string>();
  const failures: SitemapLook["failures"] = [];
  const waiting: Entry[] = starts.map((address) => ({ address: normalizeAddress(address) ?? address, depth: 0 }));
  const known = new Set(waiting.map(({ address }) => address));
  let complete = true;
  for (let files = 0; waiting.length > 0 && pages.size < options.maxAddresses; files += 1) {
    const entry = waiting.shift();
    if (entry === undefined || files >= maxFiles) break;
    const { sitemap, url, reason } = await readOne(entry, options.fetchFile);
    if (reason !== undefined) failures.push({ address: entry.address, reason });
    complete &&= reason === undefined;
    for (const text of sitemap.kind === "none" ? [] : sitemap.addresses) {
      const address = normalizeAddress(text, url);
      if (address === undefined || !isOfHost(address, options.hosts)) continue;
      if (sitemap.kind === "pages") pages.add(address);
      else if (entry.depth < maxDepth && !known.has(address)) {
        known.add(address);
        waiting.push({ address, depth: entry.depth + 1 });
      } else complete &&= known.has(address);
    }
  }
  const addresses = [...pages].slice(0, options.maxAddresses);
  return { addresses, failures, complete: complete && waiting.length === 0 && addresses.length === pages.size };
}

interface ReadFile {
  sitemap: Sitemap;
  url: string;
  reason: string | undefined;
}

async function readOne({ address }: Entry, fetchFile: SitemapOptions["fetchFile"]): Promise<ReadFile> {
  const none = { sitemap: { kind: "none" } as const, url: address };
  try {
    const { status, url, bytes } = await fetchFile(address);
    if (status !== 200) return { ...none, reason: `The server answered with status ${status}.` };
    const sitemap = parseSitemap(await gunzip(bytes));
    const reason = sitemap.kind === "none" ? "This is no sitemap." : sitemap.whole ? undefined : "The file ends early.";
    return { sitemap, url: url.href, reason };
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    return { ...none, reason: error.message };
  }
}

/** Gunzips by the first two bytes: names and headers are often wrong. */
async function gunzip(bytes: Uint8Array): Promise<Uint8Array> {
  let current = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let layer = 0; layer < maxGzipLayers && current[0] === 0x1f && current[1] === 0x8b; layer += 1) {
    const member = current;
    const read = (part: Buffer, coding: string) => readBody(chunksOf(part), coding, { maxBytes: maxSitemapBytes });
    try {
      // Bytes behind the stream, such as a cache's comment, are an error of gzip, not of the deflated data inside.
      const { bytes: text } = await read(member, "gzip").catch(() => read(withoutHeader(member), "deflate"));
      current = text;
    } catch (error) {
      if (error instanceof FetchError) throw error;
      throw new FetchError("bad-response", "The compressed file is damaged.", { cause: error });
    }
  }
  return current;
}

/** Skips the header of gzip (RFC 1952 2.3): ten bytes, and the fields that its flags announce. */
function withoutHeader(bytes: Buffer): Buffer {
  const flags = bytes[3] ?? 0;
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + bytes.readUInt16LE(at);
  // Name and comment end with a zero.
  for (const text of [8, 16]) if ((flags & text) !== 0) at = bytes.indexOf(0, at) + 1;
  if ((flags & 2) !== 0) at += 2;
  return bytes.subarray(at);
}

async function* chunksOf(bytes: Buffer, size = 65_536): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}
