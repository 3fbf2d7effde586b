import { pairBytes, setPairBit } from "./pair-bits.ts";
import { tokenize } from "./tokenize.ts";

/** Version of stored terms. It rises with each change of what `analyzePassage` returns, so that rows are analysed anew. */
export const analysisVersion = 1;

/** Maximum stored count of a term: BM25 hardly tells more repetitions apart. */
const maxCount = 4;
/** Maximum bytes of a stored term, in UTF-8. */
const maxTermBytes = 63;
const maxLength = 0xff_ff;
/** Offset of the first term: after the length and the bits of the word pairs. */
const termsAt = 2 + pairBytes;

/**
 * Analyses a passage for storage. Layout: its length in terms (16 bits, little-endian), the bits of its word pairs, and for
 * each different term a byte with its count less one (upper 2 bits) and its size in bytes, then its UTF-8. A passage of
 * 150 words takes about 1,300 bytes.
 */
export function analyzePassage(text: string): Buffer {
  const { words, extras } = tokenize(text);
  const counts = new Map<string, number>();
  for (const list of [words, extras]) for (const term of list) counts.set(term, (counts.get(term) ?? 0) + 1);
  const terms = [...counts].map(([term, count]) => ({ bytes: termBytes(term), count: Math.min(count, maxCount) }));
  const buffer = Buffer.alloc(terms.reduce((size, { bytes }) => size + 1 + bytes.length, termsAt));
  buffer.writeUInt16LE(Math.min(words.length + extras.length, maxLength), 0);
  for (let at = 1; at < words.length; at++)
    setPairBit(buffer.subarray(2, termsAt), words[at - 1] ?? "", words[at] ?? "");
  let at = termsAt;
  for (const { bytes, count } of terms) {
    buffer[at] = ((count - 1) << 6) | bytes.length;
    buffer.set(bytes, at + 1);
    at += 1 + bytes.length;
  }
  return buffer;
}

/** @returns the UTF-8 of a term, cut before the character that exceeds the limit */
export function termBytes(term: string): Buffer {
  const bytes = Buffer.from(term, "utf8");
  if (bytes.length <= maxTermBytes) return bytes;
  let end = maxTermBytes;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/** Parts of a stored passage that have a fixed place. */
export function readPassageHeader(buffer: Uint8Array): { length: number; pairs: Uint8Array } {
  if (buffer.length < termsAt)
    throw new RangeError(`stored terms: ${buffer.length} bytes, expected at least ${termsAt}`);
  return { length: (buffer[0] ?? 0) | ((buffer[1] ?? 0) << 8), pairs: buffer.subarray(2, termsAt) };
}

/**
 * Visits each different term of a stored passage, without making an object for it.
 *
 * @throws {RangeError} if the buffer ends within a term
 */
export function eachPassageTerm(buffer: Uint8Array, visit: (start: number, end: number, count: number) => void): void {
  for (let at = termsAt; at < buffer.length;) {
    const head = buffer[at] ?? 0;
    const end = at + 1 + (head & 0x3f);
    if (end > buffer.length) throw new RangeError("stored terms: the last one is cut off");
    visit(at + 1, end, (head >> 6) + 1);
    at = end;
  }
}
