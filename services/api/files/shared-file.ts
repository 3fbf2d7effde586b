import type { Request, Response } from "express";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** A file held in memory once, however many clients read it, and however slowly. */
export interface SharedFile {
  readonly body: Buffer;
  readonly etag: string;
  /** Compressed at the first request for this encoding. */
  readonly compressed: (encoding: "br" | "gzip") => Promise<Buffer>;
}

export function shareFile(content: Buffer | string): SharedFile {
  const body = Buffer.from(content);
  const made = new Map<"br" | "gzip", Promise<Buffer>>();
  return {
    body,
    etag: `W/"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
    compressed: (encoding) => {
      const known = made.get(encoding) ?? compressors[encoding](body);
      made.set(encoding, known);
      return known;
    },
  };
}

const compressors = {
  br: (body: Buffer) =>
    promisify(brotliCompress)(body, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
    }),
  gzip: (body: Buffer) => promisify(gzip)(body, { level: 9 }),
};

/** Sends a file in the smallest encoding that the client accepts, or 304 if the client has it. */
export async function sendSharedFile(
  res: Response,
  file: SharedFile,
  { type, cacheControl }: { type: string; cacheControl: string },
): Promise<void> {
  const req: Request = res.req;
  res.set({ "Content-Type": `${type}; charset=utf-8`, "Cache-Control": cacheControl, ETag: file.etag });
  res.vary("Accept-Encoding");
  if (hasAlready(req, file.etag)) return void res.status(304).end();
  const encoding = req.acceptsEncodings(["br", "gzip"]);
  const isCompressed = encoding === "br" || encoding === "gzip";
  if (isCompressed) res.set("Content-Encoding", encoding);
  const body = isCompressed ? await file.compressed(encoding) : file.body;
  res.set("Content-Length", String(body.length)).end(body);
}

/**
 * RFC 9110, 13.1.2: weak comparison. Express' `fresh` is not used, because there `Cache-Control: no-cache` takes
 * precedence. `fetch` adds that header to each request with an `If-None-Match` of its own.
 */
function hasAlready(req: Request, etag: string): boolean {
  const known = req.get("If-None-Match") ?? "";
  return known.trim() === "*" || known.split(",").some((each) => opaque(each) === opaque(etag));
}

function opaque(etag: string): string {
  return etag.trim().replace(/^W\//, "");
}
