import { type Duplex, pipeline } from "node:stream";
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib";
import { FetchError } from "./fetch-error.ts";

/** Codings of one body. No honest server applies more than two; each further one multiplies a small body once more. */
const maxCodings = 2;

/** Bytes by which a compressed body may be longer than its text. A stream of empty blocks would have no end. */
const compressionOverhead = 65_536;

/** Window of 8 MiB, which RFC 8878 asks of HTTP clients. Larger ones cost memory before the first byte. */
const zstdWindowLog = 23;

interface ReadOptions {
  maxBytes: number;
  overflow?: "fail" | "cut" | undefined;
  /** Gets each piece that is not too much. */
  onChunk?: ((chunk: Buffer) => void) | undefined;
}

type Chunks = AsyncIterable<Buffer>;
type Decoder = (source: Chunks) => Chunks;

/**
 * Reads and decompresses a body up to a size, which counts after decompression: a small body that grows without end stops
 * there.
 * @param options `overflow: "cut"` keeps the first `maxBytes` of a larger body; `fail`, the default, refuses it
 * @throws {FetchError} `too-large`, `bad-response`; or an error of the connection or the decompressor
 */
export async function readBody(
  body: Chunks,
  contentEncoding: string | undefined,
  { maxBytes, overflow = "fail", onChunk }: ReadOptions,
): Promise<{ bytes: Buffer; cut: boolean }> {
  const decoders = decodersOf(contentEncoding);
  const start = decoders.length === 0 ? body : atMost(maxBytes + compressionOverhead, body);
  const decoded = decoders.reduce<Chunks>((source, decode) => decode(source), start);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of decoded) {
    size += chunk.length;
    chunks.push(chunk);
    if (size <= maxBytes) {
      onChunk?.(chunk);
      continue;
    }
    if (overflow === "fail") throw tooLarge(maxBytes);
    return { bytes: Buffer.concat(chunks, maxBytes), cut: true };
  }
  return { bytes: Buffer.concat(chunks, size), cut: false };
}

export function tooLarge(maxBytes: number): FetchError {
  return new FetchError("too-large", `The response is larger than ${maxBytes} bytes.`);
}

/** Lists decompressors in the order in which the body passes them: the last coding was applied last. */
function decodersOf(contentEncoding = ""): Decoder[] {
  const codings = contentEncoding.toLowerCase().split(",");
  const decoders = codings.toReversed().flatMap((coding) => decoderOf(coding.trim()) ?? []);
  if (decoders.length <= maxCodings) return decoders;
  throw new FetchError(
    "bad-response",
    `The response is compressed ${decoders.length} times, expected at most ${maxCodings}.`,
  );
}

/** Finds the decompressor of a coding. Servers also send `identity`, `none` or a charset here: that is no coding. */
function decoderOf(coding: string): Decoder | undefined {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return (source) => through(createGunzip(), source);
    case "br":
      return (source) => through(createBrotliDecompress(), source);
    case "zstd":
      return (source) =>
        through(createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLog } }), source);
    case "deflate":
      return inflate;
    default:
      return undefined;
  }
}

/** Connects a decompressor. An error of either destroys both, and is thrown to the reader. */
function through(decompressor: Duplex, source: Chunks): Chunks {
  return pipeline(source, decompressor, () => undefined);
}

/** Inflates with or without the header of zlib. HTTP asks for one; some servers send none. */
async function* inflate(source: Chunks): Chunks {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return;
  const hasHeader = ((first.value[0] ?? 0) & 0x0f) === 8;
  const whole = async function* () {
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => iterator };
  };
  yield* through(hasHeader ? createInflate() : createInflateRaw(), whole());
}

async function* atMost(maxBytes: number, source: Chunks): Chunks {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}
