import type { SiteServer } from "../site-server.ts";

/** A document that a crawl must leave behind. */
export interface ExpectedDocument {
  path: string;
  /** `ready` by default. */
  status?: "ready" | "gone" | "left_out";
  /** Part of the reason for which it is not read. */
  reason?: string;
  /** Requests after which it is read; 1 by default. */
  requests?: number;
  /** Words that its text must hold, as they are. */
  has?: readonly string[];
  /** Words that its text must not hold. */
  lacks?: readonly string[];
}

/** A site of pages as they are found on the web, and the documents that are right for them. */
export interface OddSite {
  name: string;
  /** Puts the pages of the first look. */
  open: (site: SiteServer) => void;
  documents: readonly ExpectedDocument[];
  /** Further looks. */
  days?: readonly LaterLook[];
}

/** A look at a site that has changed. */
export interface LaterLook {
  change: (site: SiteServer) => void;
  status: "ready" | "failed";
  /** Part of what the owner is told; absent if all is well. */
  reason?: string;
  documents: readonly ExpectedDocument[];
}

/** A document as it is stored. */
export interface StoredDocument {
  path: string;
  status: string;
  reason: string | null;
  text: string | null;
  passages: readonly { begins: number; ends: number }[];
}

/** @returns differences between stored and expected documents, in words */
export function compareDocuments(stored: readonly StoredDocument[], expected: readonly ExpectedDocument[]): string[] {
  const known = new Set(expected.map(({ path }) => path));
  const faults = stored.filter(({ path }) => !known.has(path)).map(({ path }) => `${path}: stored, but not expected`);
  for (const document of expected) {
    const same = stored.filter(({ path }) => path === document.path);
    const [found] = same;
    if (found === undefined || same.length > 1) faults.push(`${document.path}: stored ${same.length} times`);
    else faults.push(...[...faultsOf(found, document)].map((fault) => `${document.path}: ${fault}`));
  }
  return faults;
}

function* faultsOf(found: StoredDocument, { status = "ready", reason, has = [], lacks = [] }: ExpectedDocument) {
  const text = found.text ?? "";
  if (found.status !== status) yield `is ${found.status} (${found.reason}), expected ${status}`;
  if (reason !== undefined && !found.reason?.includes(reason)) yield `the reason is ${found.reason}`;
  for (const words of has) if (!text.includes(words)) yield `lacks ${words} in: ${text.slice(0, 500)}`;
  for (const words of lacks) if (text.includes(words)) yield `holds ${words}`;
  if (found.passages.length > 0 !== (status === "ready")) yield `has ${found.passages.length} passages`;
  yield* faultsOfPassages(Buffer.from(text), found.passages);
}

/** Tests that passages follow each other, and that their offsets lie on characters. */
function* faultsOfPassages(text: Buffer, passages: StoredDocument["passages"]) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let last = 0;
  for (const { begins, ends } of passages) {
    if (begins < last || ends <= begins || ends > text.length) yield `has a passage from ${begins} to ${ends}`;
    last = ends;
    try {
      decoder.decode(text.subarray(begins, ends));
    } catch {
      yield `the passage from ${begins} to ${ends} cuts a character`;
    }
  }
}
