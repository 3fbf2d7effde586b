import { isUtf8 } from "node:buffer";
import type { Request } from "express";
import { type InputFault, Problem } from "../../../shared/errors.ts";
import { findJsonFault, findSizeFault } from "./json-faults.ts";
import { readRequestBody, requireUncompressed } from "./read-body.ts";

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
  const limit = mayHaveHistory ? maxBytesWithHistory : maxBytes;
  const says = "A request body is limited to 64 KB, or to 256 KB with a `history`.";
  const bytes = await readRequestBody(req, { limit, says });
  beforeParsing?.();
  return bytes.length > 0 ? parseMessage(bytes) : undefined;
}

/** Limits of a body that is larger than a message. */
interface LargeBody {
  bytes: number;
  /** Maximum names, objects and arrays together. */
  parts: number;
  /** Detail of the refusal of a larger one. */
  says?: string;
  /** Throws to refuse a body that was read but not yet parsed. */
  beforeParsing?: () => void;
}

/** Reads a JSON body of a route that takes more than messages. @returns `undefined` without a body */
export async function readLargeJson(
  req: Request,
  { bytes: limit, parts, says = `The body is limited to ${limit / 2 ** 20} MB.`, beforeParsing }: LargeBody,
): Promise<unknown> {
  requireJson(req);
  const bytes = await readRequestBody(req, { limit, says });
  beforeParsing?.();
  return bytes.length > 0 ? parse(bytes, parts) : undefined;
}

function requireJson(req: Request): void {
  const type = req.get("Content-Type") ?? "";
  // RFC 8259: JSON between systems is UTF-8. The media type defines no charset, but some clients name it.
  if (req.is("application/json") === false || /;\s*charset=(?!"?utf-?8"?\s*(;|$))/i.test(type)) {
    throw new Problem("unsupported-media-type", "Send the body as application/json, in UTF-8.");
  }
  requireUncompressed(req);
}

function parseMessage(bytes: Buffer): unknown {
  const body = parse(bytes);
  const hasHistory = typeof body === "object" && body !== null && "history" in body;
  if (!hasHistory && bytes.length > maxBytes) {
    throw new Problem("too-large", "A request body without a `history` is limited to 64 KB.");
  }
  return body;
}

function parse(bytes: Buffer, maxParts?: number): unknown {
  if (!isUtf8(bytes)) throw refused({ path: "", message: "is not valid UTF-8" });
  const sizeFault = findSizeFault(bytes, maxParts);
  if (sizeFault) throw refused(sizeFault);
  const text = bytes.toString();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // The parser's message would repeat a piece of the body.
    throw refused({ path: "", message: "is not valid JSON" });
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
