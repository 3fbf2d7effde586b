import type { IncomingMessage } from "node:http";

/** Limits of an error's body. They are enough for every API's error object; a body can be endless and slow. */
const limits = { bytes: 4096, ms: 1_000 };

/** Reads the start of an error's body, as far as it arrives in time, then ends the connection. */
export async function readErrorBody(answer: IncomingMessage): Promise<string> {
  const timer = setTimeout(() => answer.destroy(), limits.ms);
  let body = Buffer.alloc(0);
  try {
    for await (const bytes of answer) {
      body = Buffer.concat([body, bytes]);
      if (body.length >= limits.bytes) break;
    }
  } catch {
    // A body that breaks off is ignored: the status is the error.
  } finally {
    clearTimeout(timer);
  }
  return body.toString("utf8", 0, limits.bytes);
}
