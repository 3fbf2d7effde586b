import { createHash, randomBytes } from "node:crypto";

export function makeSessionToken(): string {
  return randomBytes(24).toString("base64url");
}

/**
 * The form of a session's token that is stored. A copy of the table opens nothing: a cookie holds the token itself. Tokens
 * are random, at least 190 bits, so the hash needs neither salt nor time.
 */
export function hashSessionToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
