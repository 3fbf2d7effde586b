import { createHash, createHmac } from "node:crypto";
import type { Clock } from "../../../shared/db/clock.ts";
import { Problem } from "../../../shared/errors.ts";
import { identityHeader } from "../../../shared/protocol/headers.ts";
import { identityClaims, maxIdentityChars } from "../../../shared/protocol/identity.ts";
import { checkTimes } from "./identity-times.ts";
import { type ClaimsFault, readSignedJson, type Secrets, toKeys } from "./signed-claims.ts";

/** A visitor whom the embedding site vouches for. `sub`, name and email are kept nowhere. */
export interface Visitor {
  /** HMAC-SHA256 of site and `sub`: all that is stored to know the visitor again. */
  hash: Buffer;
  /**
   * SHA-256 of `sub` alone, as earlier versions stored it: anyone could try ids against it. Conversations found by it get
   * `hash` in its place. Idempotency keys of first messages are scoped by it, so that a repeat across an update is known.
   */
  formerHash: Buffer;
}

/** Reads the header with which a site says who its visitor is. */
export interface Identities {
  /** @throws {Problem} `identity-invalid`, naming the claim that is wrong and how it is written */
  verify(header: string): Promise<Visitor>;
}

interface IdentityOptions {
  /** Shared with the embedding site; absent: no identity is taken. */
  secrets: Secrets | undefined;
  /** Keys the stored hashes; one for all processes, and the same for good. */
  visitorKey: string;
  clock: Clock;
}

/** The only site there is. It is part of the hash, so that two sites may have a visitor of the same `sub`. */
const site = "default";

export function createIdentities({ secrets, visitorKey, clock }: IdentityOptions): Identities {
  const keys = secrets && toKeys(secrets);
  return {
    async verify(header) {
      // To take it for an anonymous visitor's would lose the conversation on their next device, without a word.
      if (keys === undefined) throw invalid("this service verifies no visitors: it has no IDENTITY_SECRET");
      if (header.length > maxIdentityChars) throw invalid(`it has more than ${maxIdentityChars} characters`);
      const read = await readSignedJson(header, keys);
      if ("fault" in read) throw invalid(faults[read.fault]);
      const parsed = identityClaims.safeParse(read.json);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        const claim = issue?.path.join(".");
        throw invalid(claim ? `${claim}: ${issue?.message}` : faults.malformed);
      }
      const fault = checkTimes(parsed.data, await clock.read());
      if (fault !== undefined) throw invalid(fault);
      return hashVisitor(visitorKey, parsed.data.sub);
    },
  };
}

/** Whether a stored hash is this visitor's. */
export function isOf({ hash, formerHash }: Visitor, stored: Buffer): boolean {
  return hash.equals(stored) || formerHash.equals(stored);
}

function hashVisitor(key: string, sub: string): Visitor {
  return {
    // Neither of the two can hold a NUL.
    hash: createHmac("sha256", key).update(`${site}\0${sub}`).digest(),
    formerHash: createHash("sha256").update(sub).digest(),
  };
}

const malformed = "expected a compact JWS with the algorithm HS256, and a JSON object of claims in it";

const faults: Record<ClaimsFault, string> = {
  malformed,
  expired: malformed,
  claims: malformed,
  signature: "it is not signed with this service's IDENTITY_SECRET",
};

function invalid(fault: string): Problem {
  const errors = [{ path: identityHeader, message: fault }];
  return new Problem("identity-invalid", `${identityHeader}: ${fault}`, { errors });
}
