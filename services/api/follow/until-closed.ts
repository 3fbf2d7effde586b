import type { Response } from "express";

/** A signal that is aborted when the client has gone, or has all it asked for. */
export function untilClosed(res: Response): AbortSignal {
  const closed = new AbortController();
  if (res.closed) closed.abort();
  else res.on("close", () => closed.abort());
  return closed.signal;
}
