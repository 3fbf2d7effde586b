import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Time for the rest of a body that is refused. Most have arrived by then; a slower one is answered before its end. */
const drainMs = 1000;
/** As much is read in that time: more than nginx lets through unless it is told otherwise (1 MB). */
const drainBytes = 2 * 2 ** 20;
/** Of a client that is refused for what it sent before. */
const drainBytesOfRefused = 2 ** 18;

/**
 * Reads and drops what a client still sends, before its request is refused. Proxies that are answered in the middle of a body
 * see their connection end while they write, and make a 502 of our answer.
 * @returns whether the body is over; else no more of it is read
 */
export async function drainBody(req: IncomingMessage, { isUsedUp }: { isUsedUp: boolean }): Promise<boolean> {
  const { "content-length": length = "0", "transfer-encoding": encoding } = req.headers;
  if (req.complete || req.destroyed || (length === "0" && encoding === undefined)) return true;
  const limit = isUsedUp ? drainBytesOfRefused : drainBytes;
  const done = new AbortController();
  const { signal } = done;
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limit) done.abort();
  };
  req.on("data", count).resume();
  try {
    await Promise.race([
      once(req, "close", { signal }),
      once(req, "end", { signal }),
      sleep(drainMs, undefined, { signal }),
    ]);
  } catch {
    // A body without end: it is answered now.
  } finally {
    done.abort();
    req.off("data", count).pause();
  }
  return req.complete;
}
