import type { Request } from "express";
import { Problem } from "../../../shared/errors.ts";
import { idempotencyKey } from "../../../shared/protocol/submit.ts";

/** @throws {Problem} 400 for a key of other characters, or of too many */
export function parseKey(req: Request): string | undefined {
  const parsed = idempotencyKey.safeParse(req.get("Idempotency-Key"));
  if (parsed.success) return parsed.data;
  const message = parsed.error.issues[0]?.message ?? "is not valid";
  throw new Problem("invalid-request", `Idempotency-Key: ${message}`, {
    errors: [{ path: "Idempotency-Key", message }],
  });
}
