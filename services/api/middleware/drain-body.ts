import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Time to read the rest of a refused body. Most have arrived by then; a slower one is answered before its end. */
const drainMs = 1000;
/** Maximum bytes read in that time: more than nginx lets through by default (1 MB). */
const drainBytes = 2 * 2 ** 20;
/** Maximum for a client that is refused for its earlier requests. */
const drainBytesOfRefused = 2 ** 18;

/**
 * Reads and drops the rest of a request's body before the request is refused. A proxy that is answered in the middle of
 * a body sees its connection close while it writes, and turns our answer into a 502.
 * @returns true if the body is complete; otherwise no more of it is read
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
    // The body has not ended in time: answer now.
  } finally {
    done.abort();
    req.off("data", count).pause();
  }
  return req.complete;
}
