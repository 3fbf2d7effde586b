import type { IncomingMessage } from "node:http";

/** Enough for every API's error object, and no more: a body can be endless, and slow. */
const limits = { bytes: 4096, ms: 1_000 };

/** The start of an error's body, as far as it comes in time; then the connection is ended. */
export async function readErrorBody(answer: IncomingMessage): Promise<string> {
  const timer = setTimeout(() => answer.destroy(), limits.ms);
  let body = Buffer.alloc(0);
  try {
    for await (const bytes of answer) {
      body = Buffer.concat([body, bytes]);
      if (body.length >= limits.bytes) break;
    }
  } catch {
    // A body that breaks off changes nothing: its status is the error.
  } finally {
    clearTimeout(timer);
  }
  return body.toString("utf8", 0, limits.bytes);
}
