import type { Request } from "express";
import { Problem } from "../../../shared/errors.ts";

/**
 * Reads a body of at most so many bytes. Nothing is read of one that announces more.
 * @param says the limit, as a client is told of it
 * @throws {Problem} 413
 */
export async function readRequestBody(req: Request, { limit, says }: { limit: number; says: string }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = Number(req.get("Content-Length") ?? 0);
  if (length > limit) throw new Problem("too-large", says);
  length = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) break;
      chunks.push(chunk);
    }
  } catch (error) {
    // The client broke off, so this answer goes unread.
    throw new Problem("invalid-request", "The request body is incomplete.", { cause: error });
  }
  if (length > limit) throw new Problem("too-large", says);
  return Buffer.concat(chunks, length);
}

/**
 * Refuses compressed bodies: a few bytes can unpack to gigabytes, and no message needs it.
 * @throws {Problem} 415
 */
export function requireUncompressed(req: Request): void {
  if (/^(identity)?$/i.test(req.get("Content-Encoding") ?? "")) return;
  throw new Problem("unsupported-media-type", "Send the body uncompressed, without a Content-Encoding.");
}
