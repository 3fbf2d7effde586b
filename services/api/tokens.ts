import { SignJWT } from "jose";
import { algorithm, readSignedClaims, type Secrets, toKeys } from "./signed-claims.ts";

/** Conversation tokens: whoever holds one may read, write and delete that conversation. */
export interface Tokens {
  sign(conversationId: string): Promise<string>;
  /** @returns the conversation's id; `undefined` for whatever is not a valid token of ours */
  verify(token: string): Promise<string | undefined>;
}

const audience = "parley:conversation";
const lifetime = "30 days";

/** @param secrets the first signs; tokens of the others are good until they expire */
export function createTokens(secrets: Secrets): Tokens {
  const keys = toKeys(secrets);
  return {
    sign: (conversationId) =>
      new SignJWT()
        .setProtectedHeader({ alg: algorithm })
        .setAudience(audience)
        .setSubject(conversationId)
        .setIssuedAt()
        .setExpirationTime(lifetime)
        .sign(keys[0]),
    async verify(token) {
      const read = await readSignedClaims(token, keys, { audience, requiredClaims: ["sub", "exp"] });
      // Malformed, expired, forged or for another audience: to its bearer these are all the same.
      return "claims" in read ? read.claims.sub : undefined;
    },
  };
}
