import { decodeHTMLStrict } from "entities";
import { Parser } from "htmlparser2";
import { decodePage } from "../charset/decode-page.ts";

/** Entries of one sitemap: addresses as they are written. `whole` is false if the file ends early. */
export type Sitemap =
  | { kind: "pages"; addresses: string[]; whole: boolean }
  | { kind: "index"; addresses: string[]; whole: boolean }
  | { kind: "none" };

/** Entries of one file, by the protocol. */
const maxEntries = 50_000;

/** Characters of one address that are read. */
const maxAddressChars = 4096;

/**
 * Reads a sitemap: a `urlset`, an index, a feed (RSS, Atom) or a list of lines. It is read as forgivingly as it is written in
 * practice: white space before the declaration, bare `&`, entities of HTML, prefixes.
 * @returns `none` for anything else, such as an HTML page in its place
 */
export function parseSitemap(bytes: Uint8Array): Sitemap {
  const text = decodePage(bytes).text.replace(/^\uFEFF?\s+/, "");
  if (!text.startsWith("<")) return parseLines(text);
  const reader = new EntryReader();
  const parser = new Parser(reader, { xmlMode: true, decodeEntities: false });
  reader.stop = () => parser.pause();
  parser.write(text);
  return reader.result;
}

function parseLines(text: string): Sitemap {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  const addresses = lines.filter((line) => /^https?:\/\//i.test(line)).slice(0, maxEntries);
  return addresses.length === 0 ? { kind: "none" } : { kind: "pages", addresses, whole: true };
}

/** Paths of elements that hold an address, without prefixes. */
const entryPaths: Record<string, "pages" | "index"> = {
  "urlset/url/loc": "pages",
  "sitemapindex/sitemap/loc": "index",
  "rss/channel/item/link": "pages",
};

/** Paths of elements whose `href` is an address, if it is a page of the entry or its translation. */
const linkPaths = new Set(["urlset/url/link", "feed/entry/link"]);

const kindsOfRoot: Record<string, "pages" | "index"> = {
  urlset: "pages",
  rss: "pages",
  feed: "pages",
  sitemapindex: "index",
};

/** Collects the addresses of a document while it is parsed. */
class EntryReader {
  readonly #addresses: string[] = [];
  readonly #open: string[] = [];
  #root = "";
  #ended = false;
  /** Address that is being read: its text so far, and the characters that may still hold an entity. */
  #text: string | undefined;
  #raw = "";
  /** Stops the parser. */
  stop: () => void = () => undefined;

  get result(): Sitemap {
    const kind = Object.hasOwn(kindsOfRoot, this.#root) ? kindsOfRoot[this.#root] : undefined;
    return kind === undefined ? { kind: "none" } : { kind, addresses: this.#addresses, whole: this.#ended };
  }

  onopentag(name: string, attributes: Record<string, string>): void {
    const [local, prefix] = split(name);
    if (this.#open.length === 0) {
      this.#root = local;
      if (!Object.hasOwn(kindsOfRoot, local)) this.stop();
    }
    const parent = this.#open.at(-1) ?? name;
    this.#open.push(name);
    const path = this.#open.map((each) => split(each)[0]).join("/");
    // The address of an image or a video has another prefix than its entry.
    if (path in entryPaths && split(parent)[1] === prefix) this.#text = "";
    const { href, rel = "alternate" } = attributes;
    if (linkPaths.has(path) && href !== undefined && rel === "alternate") this.#add(decodeHTMLStrict(href));
  }

  ontext(data: string): void {
    if (this.#text !== undefined && this.#raw.length <= maxAddressChars) this.#raw += data;
  }

  oncdatastart(): void {
    this.#settle(decodeHTMLStrict);
  }

  /** Characters of CDATA mean themselves. */
  oncdataend(): void {
    this.#settle((raw) => raw);
  }

  onclosetag(_name: string, isImplied: boolean): void {
    this.#open.pop();
    this.#settle(decodeHTMLStrict);
    if (this.#text !== undefined) this.#add(this.#text);
    this.#text = undefined;
    if (this.#open.length === 0 && !isImplied) this.#ended = true;
  }

  #settle(decode: (raw: string) => string): void {
    if (this.#text !== undefined) this.#text += decode(this.#raw);
    this.#raw = "";
  }

  #add(address: string): void {
    const trimmed = address.trim();
    if (trimmed !== "" && trimmed.length <= maxAddressChars) this.#addresses.push(trimmed);
    if (this.#addresses.length >= maxEntries) this.stop();
  }
}

function split(name: string): [local: string, prefix: string] {
  const colon = name.indexOf(":");
  return colon === -1 ? [name, ""] : [name.slice(colon + 1), name.slice(0, colon)];
}
