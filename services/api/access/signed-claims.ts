import { createSecretKey, type KeyObject } from "node:crypto";
import { compactVerify, errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from "jose";

/** Pinned: a token that names another one is refused before its signature is looked at. */
export const algorithm = "HS256";

/** The first signs; the others are still taken, so that one can take the place of another. */
export type Secrets = readonly [string, ...string[]];
export type Keys = readonly [KeyObject, ...KeyObject[]];

/** Why a token was not taken, for those who may know. */
export type ClaimsFault = "expired" | "malformed" | "claims" | "signature";

export function toKeys([first, ...others]: Secrets): Keys {
  return [toKey(first), ...others.map(toKey)];
}

/**
 * Verifies a compact JWS under whichever of these keys signed it; signatures are compared in constant time.
 * @returns its claims, or why there are none; never throws for what a token holds
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
 * Verifies the signature of a compact JWS likewise, and leaves its claims to the caller.
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
  if (error instanceof errors.JWSSignatureVerificationFailed) return "signature";
  if (error instanceof errors.JWTExpired) return "expired";
  if (error instanceof errors.JWTClaimValidationFailed) return "claims";
  return "malformed";
}

function toKey(secret: string): KeyObject {
  return createSecretKey(Buffer.from(secret));
}
