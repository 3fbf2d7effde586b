import { createSecretKey, type KeyObject } from "node:crypto";
import type { JWTPayload, JWTVerifyOptions } from "jose";
import { JWSSignatureVerificationFailed, JWTClaimValidationFailed, JWTExpired } from "jose/errors";
import { compactVerify } from "jose/jws/compact/verify";
import { jwtVerify } from "jose/jwt/verify";

/** Pinned: a token with another algorithm is refused before its signature is checked. */
export const algorithm = "HS256";

/** The first secret signs. The others still verify, so that secrets can be rotated. */
export type Secrets = readonly [string, ...string[]];
export type Keys = readonly [KeyObject, ...KeyObject[]];

/** Reason for refusing a token, for those allowed to know it. */
export type ClaimsFault = "expired" | "malformed" | "claims" | "signature";

export function toKeys([first, ...others]: Secrets): Keys {
  return [toKey(first), ...others.map(toKey)];
}

/**
 * Verifies a compact JWS with each of the keys; signatures are compared in constant time.
 * @returns its claims, or the reason why there are none; never throws for a token's content
 */
export function readSignedClaims(
  token: string,
  keys: Keys,
  options: Omit<JWTVerifyOptions, "algorithms">,
): Promise<{ claims: JWTPayload } | { fault: ClaimsFault }> {
  return underAnyKey(keys, async (key) => {
    const { payload } = await jwtVerify(token, key, { ...options, algorithms: [algorithm] });
    return { claims: payload };
  });
}

/**
 * Verifies the signature of a compact JWS, and leaves its claims to the caller.
 * @returns its payload, parsed
 */
export function readSignedJson(token: string, keys: Keys): Promise<{ json: unknown } | { fault: ClaimsFault }> {
  return underAnyKey(keys, async (key) => {
    const { payload } = await compactVerify(token, key, { algorithms: [algorithm] });
    return { json: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload)) as unknown };
  });
}

async function underAnyKey<T>(keys: Keys, read: (key: KeyObject) => Promise<T>): Promise<T | { fault: ClaimsFault }> {
  for (const key of keys) {
    try {
      return await read(key);
    } catch (error) {
      const fault = faultOf(error);
      if (fault !== "signature") return { fault };
    }
  }
  return { fault: "signature" };
}

function faultOf(error: unknown): ClaimsFault {
  if (error instanceof JWSSignatureVerificationFailed) return "signature";
  if (error instanceof JWTExpired) return "expired";
  if (error instanceof JWTClaimValidationFailed) return "claims";
  return "malformed";
}

function toKey(secret: string): KeyObject {
  return createSecretKey(Buffer.from(secret));
}
