import { createHash } from "node:crypto";
import { Problem } from "../../shared/errors.ts";
import { identityHeader } from "../../shared/protocol/headers.ts";
import { identityClaims, maxIdentityChars, maxIdentitySeconds } from "../../shared/protocol/identity.ts";
import { type ClaimsFault, readSignedClaims, type Secrets, toKeys } from "./signed-claims.ts";

/** A visitor whom the embedding site vouches for. */
export interface Visitor {
  /**
   * SHA-256 of its `sub`, which itself is kept nowhere: to know it again is all we need. Name and email are not kept
   * either.
   */
  hash: Buffer;
}

/** Reads the header with which a site says who its visitor is. */
export interface Identities {
  /** @throws {Problem} `identity-invalid`, saying what is wrong with it */
  verify(header: string): Promise<Visitor>;
}

/** Clocks of sites and of ours differ; so much is forgiven at either end. */
const clockToleranceSeconds = 60;

/** @param secrets shared with the embedding site; absent: no identity is taken */
export function createIdentities(secrets: Secrets | undefined): Identities {
  const keys = secrets && toKeys(secrets);
  return {
    async verify(header) {
      // To take it for an anonymous visitor's would lose the conversation on their next device, without a word.
      if (keys === undefined) throw invalid("this service verifies no visitors: it has no IDENTITY_SECRET");
      if (header.length > maxIdentityChars) throw invalid(`it has more than ${maxIdentityChars} characters`);
      const read = await readSignedClaims(header, keys, { clockTolerance: clockToleranceSeconds });
      if ("fault" in read) throw invalid(faults[read.fault]);
      const parsed = identityClaims.safeParse(read.claims);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        throw invalid(`${issue?.path.join(".")}: ${issue?.message}`);
      }
      const { sub, exp } = parsed.data;
      if (exp - Date.now() / 1000 > maxIdentitySeconds + clockToleranceSeconds) {
        throw invalid("exp: must be at most 24 hours from now");
      }
      return { hash: createHash("sha256").update(sub).digest() };
    },
  };
}

const faults: Record<ClaimsFault, string> = {
  expired: "it has expired; ask the site for a new one",
  malformed: "expected a compact JWS with the algorithm HS256",
  claims: "one of its claims does not hold (exp, nbf)",
  signature: "it is not signed with this service's IDENTITY_SECRET",
};

function invalid(fault: string): Problem {
  const errors = [{ path: identityHeader, message: fault }];
  return new Problem("identity-invalid", `${identityHeader}: ${fault}`, { errors });
}
