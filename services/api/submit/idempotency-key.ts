import { createHash } from "node:crypto";
import { validate, version } from "uuid";
import { keyOfSite } from "../../../shared/sites/default-site.ts";
import { Problem } from "../../../shared/errors.ts";
import type { SubmitRequest } from "../../../shared/protocol/submit.ts";
import type { Visitor } from "../access/identity.ts";

export interface KeyHashes {
  idempotencyHash: Buffer | null;
  requestHash: Buffer | null;
}

interface KeyScope {
  siteId: string;
  idempotencyKey: string | undefined;
  conversationId: string | undefined;
  visitor: Visitor | undefined;
}

/**
 * Hashes a key and its request. Only the hash is stored: on a first message the key opens the conversation, so it is as
 * secret as the token.
 * @throws {Problem} when a first message has a key that can be guessed
 */
export function hashKey(
  body: SubmitRequest,
  { siteId, idempotencyKey: key, conversationId, visitor }: KeyScope,
): KeyHashes {
  if (key === undefined) return { idempotencyHash: null, requestHash: null };
  if (conversationId === undefined && !(validate(key) && version(key) === 4)) {
    const message = "on the first message of a conversation it must be a version-4 UUID";
    throw new Problem("invalid-request", `Idempotency-Key: ${message}`, {
      errors: [{ path: "Idempotency-Key", message }],
    });
  }
  // Scope keys to their site and visitor, so that nobody finds another's conversation by a key. Lower case, because a
  // UUID means the same in either case.
  const first = visitor ? `first:${visitor.formerHash.toString("hex")}` : "first";
  const scoped =
    conversationId === undefined ? keyOfSite(siteId, `${first}:${key.toLowerCase()}`) : `${conversationId}:${key}`;
  return { idempotencyHash: sha256(scoped), requestHash: sha256(canonicalJson(body)) };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Equal for equal values, regardless of the order of their keys. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    item !== null && typeof item === "object" && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
