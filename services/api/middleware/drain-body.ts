import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Time for the rest of a body that is refused. Most have arrived by then; a slower one is answered before its end. */
const drainMs = 1000;
/** As much is read in that time: more than proxies let through by themselves (nginx: 1 MB). */
const drainBytes = 16 * 2 ** 20;

/**
 * Reads and drops what a client still sends, before its request is refused. Proxies that are answered in the middle of a body
 * see their connection end while they write, and make a 502 of our answer.
 * @returns whether the body is over
 */
export async function drainBody(req: IncomingMessage): Promise<boolean> {
  const { "content-length": length = "0", "transfer-encoding": encoding } = req.headers;
  if (req.complete || req.destroyed || (length === "0" && encoding === undefined)) return true;
  const done = new AbortController();
  const { signal } = done;
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > drainBytes) done.abort();
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
    req.off("data", count).resume();
  }
  return req.complete;
}
