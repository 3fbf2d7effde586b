import { createSecretKey } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";

/** Conversation tokens: whoever holds one may read, write and delete that conversation. */
export interface Tokens {
  sign(conversationId: string): Promise<string>;
  /** @returns the conversation's id; `undefined` for whatever is not a valid token of ours */
  verify(token: string): Promise<string | undefined>;
}

const algorithm = "HS256";
const audience = "parley:conversation";
const lifetime = "30 days";

export function createTokens(secret: string): Tokens {
  const key = createSecretKey(Buffer.from(secret));
  return {
    sign: (conversationId) =>
      new SignJWT()
        .setProtectedHeader({ alg: algorithm })
        .setAudience(audience)
        .setSubject(conversationId)
        .setIssuedAt()
        .setExpirationTime(lifetime)
        .sign(key),
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [algorithm],
          audience,
          requiredClaims: ["sub", "exp"],
        });
        return payload.sub;
      } catch {
        // Malformed, expired, forged or for another audience: to its bearer these are all the same.
        return undefined;
      }
    },
  };
}
