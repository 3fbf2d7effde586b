import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readBody } from "./read-body.ts";

const text = Buffer.from("Returns within 30 days. ".repeat(200));

/** Body that arrives in small pieces. */
async function* inPieces(bytes: Buffer, size = 100) {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

const codings: [string, (bytes: Buffer) => Buffer][] = [
  ["gzip", (bytes) => gzipSync(bytes)],
  ["X-GZIP", (bytes) => gzipSync(bytes)],
  ["br", (bytes) => brotliCompressSync(bytes)],
  ["zstd", (bytes) => zstdCompressSync(bytes)],
  ["deflate", (bytes) => deflateSync(bytes)],
  ["deflate", (bytes) => deflateRawSync(bytes)],
  ["gzip, br", (bytes) => brotliCompressSync(gzipSync(bytes))],
  ["identity", (bytes) => bytes],
  ["utf-8", (bytes) => bytes],
];

describe("body", () => {
  it.each(codings)("is decompressed: %s", async (coding, compress) => {
    const { bytes, cut } = await readBody(inPieces(compress(text)), coding, { maxBytes: 10_000 });
    expect(bytes.equals(text)).toBe(true);
    expect(cut).toBe(false);
  });

  it("may be exactly as large as the limit", async () => {
    expect((await readBody(inPieces(text), undefined, { maxBytes: text.length })).bytes.length).toBe(text.length);
    await expect(readBody(inPieces(text), undefined, { maxBytes: text.length - 1 })).rejects.toMatchObject({
      code: "too-large",
    });
  });

  it("is cut at the limit on request", async () => {
    const cut = await readBody(inPieces(gzipSync(text)), "gzip", { maxBytes: 10, overflow: "cut" });
    expect(cut).toEqual({ bytes: text.subarray(0, 10), cut: true });
  });

  it.each(codings.slice(0, 6))("stops a decompression bomb at the limit: %s", async (coding, compress) => {
    const bomb = compress(Buffer.alloc(40_000_000));
    expect(bomb.length).toBeLessThan(100_000);
    const before = process.memoryUsage().rss;
    await expect(readBody(inPieces(bomb, 65_536), coding, { maxBytes: 1_000_000 })).rejects.toMatchObject({
      code: "too-large",
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(30_000_000);
  });

  it("stops compressed bytes that hold no text", async () => {
    const empty = gzipSync(Buffer.alloc(0));
    async function* endless() {
      for (;;) yield await Promise.resolve(empty);
    }
    await expect(readBody(endless(), "gzip", { maxBytes: 1000 })).rejects.toMatchObject({ code: "too-large" });
  });

  it("refuses more than two codings", async () => {
    const thrice = gzipSync(gzipSync(gzipSync(text)));
    await expect(readBody(inPieces(thrice), "gzip, gzip, gzip", { maxBytes: 10_000 })).rejects.toMatchObject({
      code: "bad-response",
    });
  });

  it("fails when compressed bytes are damaged or end early", async () => {
    const cutShort = gzipSync(text).subarray(0, 50);
    await expect(readBody(inPieces(cutShort), "gzip", { maxBytes: 10_000 })).rejects.toThrow();
    await expect(readBody(inPieces(text), "gzip", { maxBytes: 10_000 })).rejects.toThrow();
  });
});
