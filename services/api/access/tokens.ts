import { timingSafeEqual } from "node:crypto";
import type { JWTPayload } from "jose";
import { decodeJwt } from "jose/jwt/decode";
import { SignJWT } from "jose/jwt/sign";
import { boundedMap } from "../../../shared/bounded-map.ts";
import { algorithm, readSignedClaims, type Secrets, toKeys } from "./signed-claims.ts";
import { tokenDays } from "../../../shared/tunables.ts";

/** Conversation tokens: the bearer of one may read, write and delete that conversation. */
export interface Tokens {
  /** @returns a token valid for thirty days, less at most an hour */
  sign(conversationId: string): Promise<string>;
  /** @returns the conversation's id; `undefined` if it is not a valid token of ours */
  verify(token: string): Promise<string | undefined>;
}

const audience = "parley:conversation";
const lifetime = `${tokenDays} days`;
/** A token younger than this is returned again, because a conversation has many messages in a few minutes. */
const youngSeconds = 3600;
/** Each entry takes half a kilobyte. */
const maxKnown = 10_000;

/** @param secrets the first signs; tokens of the others are valid until they expire */
export function createTokens(secrets: Secrets): Tokens {
  const keys = toKeys(secrets);
  const known = new KnownTokens();
  return {
    async sign(conversationId) {
      const young = known.youngOf(conversationId);
      if (young !== undefined) return young;
      const token = await new SignJWT()
        .setProtectedHeader({ alg: algorithm })
        .setAudience(audience)
        .setSubject(conversationId)
        .setIssuedAt()
        .setExpirationTime(lifetime)
        .sign(keys[0]);
      known.learn(token, decodeJwt(token), { signedHere: true });
      return token;
    },
    async verify(token) {
      const before = known.conversationOf(token);
      if (before !== undefined) return before;
      const read = await readSignedClaims(token, keys, { audience, requiredClaims: ["sub", "exp"] });
      // Malformed, expired, forged or for another audience: the bearer gets the same answer.
      if ("fault" in read) return undefined;
      known.learn(token, read.claims, { signedHere: false });
      return read.claims.sub;
    },
  };
}

/**
 * Cache of valid tokens, one for each recently active conversation. Computing a signature takes a round trip to another
 * thread, several times as long as the rest of a request's own work.
 */
class KnownTokens {
  readonly #tokens = boundedMap<{ token: string; claims: JWTPayload; signedHere: boolean }>(maxKnown);

  learn(token: string, claims: JWTPayload, { signedHere }: { signedHere: boolean }): void {
    const { sub, iat = 0 } = claims;
    if (sub === undefined || iat < (this.#tokens.get(sub)?.claims.iat ?? 0)) return;
    this.#tokens.set(sub, { token, claims, signedHere });
  }

  /** @returns a token signed by this process with the first secret, with nearly all its time left */
  youngOf(conversationId: string): string | undefined {
    const known = this.#tokens.get(conversationId);
    if (!known?.signedHere || secondsNow() - (known.claims.iat ?? 0) >= youngSeconds) return undefined;
    return known.token;
  }

  /** @returns the conversation of a cached token that has not expired */
  conversationOf(token: string): string | undefined {
    const conversationId = claimedSubject(token);
    const known = conversationId === undefined ? undefined : this.#tokens.get(conversationId);
    if (!known || (known.claims.exp ?? 0) <= secondsNow()) return undefined;
    const [given, expected] = [Buffer.from(token), Buffer.from(known.token)];
    return given.length === expected.length && timingSafeEqual(given, expected) ? conversationId : undefined;
  }
}

/** Reads the token's `sub` without verifying it. */
function claimedSubject(token: string): string | undefined {
  try {
    return decodeJwt(token).sub;
  } catch {
    return undefined;
  }
}

function secondsNow(): number {
  return Date.now() / 1000;
}
