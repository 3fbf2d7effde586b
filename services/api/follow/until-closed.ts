import type { Response } from "express";

/** Returns a signal that aborts when the client disconnects or has its full answer. */
export function untilClosed(res: Response): AbortSignal {
  const closed = new AbortController();
  if (res.closed) closed.abort();
  else res.on("close", () => closed.abort());
  return closed.signal;
}
