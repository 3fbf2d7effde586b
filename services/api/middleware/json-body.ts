import { isUtf8 } from "node:buffer";
import type { Request } from "express";
import { type InputFault, Problem } from "../../../shared/errors.ts";
import { findJsonFault, findSizeFault } from "./json-faults.ts";

const maxBytes = 64 * 1024;
/** Maximum size of a body with earlier turns. */
const maxBytesWithHistory = 256 * 1024;

/**
 * Reads a JSON body within its limits. A larger one is allowed only if a `history` makes it so. Express' own parser is
 * not used, because it reads a body of any size to its end before it refuses it.
 * @param beforeParsing throws to refuse a body that was read but not yet parsed
 * @returns `undefined` without a body; the route reports missing fields
 */
export async function readJson(
  req: Request,
  { mayHaveHistory = false, beforeParsing }: { mayHaveHistory?: boolean; beforeParsing?: () => void } = {},
): Promise<unknown> {
  // A request without a body needs no type: some clients announce its length, 0.
  if (req.get("Content-Length") === "0") return undefined;
  requireJson(req);
  const bytes = await readBody(req, mayHaveHistory ? maxBytesWithHistory : maxBytes);
  beforeParsing?.();
  return bytes.length > 0 ? parse(bytes) : undefined;
}

function requireJson(req: Request): void {
  const type = req.get("Content-Type") ?? "";
  // RFC 8259: JSON between systems is UTF-8. The media type defines no charset, but some clients name it.
  if (req.is("application/json") === false || /;\s*charset=(?!"?utf-?8"?\s*(;|$))/i.test(type)) {
    throw new Problem("unsupported-media-type", "Send the body as application/json, in UTF-8.");
  }
  // A few compressed bytes can unpack to gigabytes, and no message needs compression.
  if (!/^(identity)?$/i.test(req.get("Content-Encoding") ?? "")) {
    throw new Problem("unsupported-media-type", "Send the body uncompressed, without a Content-Encoding.");
  }
}

async function readBody(req: Request, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = Number(req.get("Content-Length") ?? 0);
  if (length > limit) throw tooLarge();
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
  if (length > limit) throw tooLarge();
  return Buffer.concat(chunks, length);
}

function tooLarge(): Problem {
  return new Problem("too-large", "A request body is limited to 64 KB, or to 256 KB with a `history`.");
}

function parse(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw refused({ path: "", message: "is not valid UTF-8" });
  const sizeFault = findSizeFault(bytes);
  if (sizeFault) throw refused(sizeFault);
  const text = bytes.toString();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // The parser's message would repeat a piece of the body.
    throw refused({ path: "", message: "is not valid JSON" });
  }
  const hasHistory = typeof body === "object" && body !== null && "history" in body;
  if (!hasHistory && bytes.length > maxBytes) {
    throw new Problem("too-large", "A request body without a `history` is limited to 64 KB.");
  }
  const fault = findJsonFault(text);
  if (fault) throw refused(fault);
  return body;
}

function refused({ path, message }: InputFault): Problem {
  return new Problem("invalid-request", `${path === "" ? "The body" : path}: ${message}`, {
    errors: [{ path, message }],
  });
}
