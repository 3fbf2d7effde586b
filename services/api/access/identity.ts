import { createHash, createHmac } from "node:crypto";
import type { Claims } from "../../../shared/assistants/tools/identity-parameters.ts";
import type { Clock } from "../../../shared/db/clock.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { Problem } from "../../../shared/errors.ts";
import { identityHeader } from "../../../shared/protocol/headers.ts";
import { identityClaims, maxIdentityChars } from "../../../shared/protocol/identity.ts";
import { checkTimes } from "./identity-times.ts";
import { type ClaimsFault, readSignedJson, type Secrets, toKeys } from "./signed-claims.ts";

/** A visitor vouched for by the embedding site. `sub`, name and email are never stored. */
export interface Visitor {
  /** HMAC-SHA256 of site and `sub`: the only value stored to recognise the visitor. */
  hash: Buffer;
  /**
   * SHA-256 of `sub` alone, as earlier versions stored it: anyone could test ids against it. Conversations found by it
   * are updated to `hash`. It still scopes the idempotency keys of first messages, so that a repeat across an update is
   * recognised. Sites added since have no such conversations: theirs is `hash`.
   */
  formerHash: Buffer;
}

/** Reads the header in which a site names its visitor. */
export interface Identities {
  /** @throws {Problem} `identity-invalid`, naming the wrong claim and its correct form */
  verify(header: string): Promise<Visitor>;
}

interface IdentityOptions {
  /** The site whose visitors these are. Two sites may each have a visitor with the same `sub`. */
  siteId: string;
  /** Shared with the embedding site; absent: identities are refused. */
  secrets: Secrets | undefined;
  /** Key of the stored hashes. It must be the same for all processes, and never change. */
  visitorKey: string;
  clock: Clock;
}

/** Claims of verified visitors. They are no part of a `Visitor`, which may be stored or logged. */
const claims = new WeakMap<Visitor, Claims>();

/** All claims of a visitor's identity, as the site signed them. */
export function claimsOf(visitor: Visitor): Claims {
  return claims.get(visitor) ?? {};
}

export function createIdentities({ siteId, secrets, visitorKey, clock }: IdentityOptions): Identities {
  const keys = secrets && toKeys(secrets);
  return {
    async verify(header) {
      // Treating the visitor as anonymous would silently lose the conversation on their next device.
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
      const visitor = hashVisitor(visitorKey, siteId, parsed.data.sub);
      claims.set(visitor, { ...(read.json as Claims), sub: parsed.data.sub });
      return visitor;
    },
  };
}

/** True if a stored hash is this visitor's. */
export function isOf({ hash, formerHash }: Visitor, stored: Buffer): boolean {
  return hash.equals(stored) || formerHash.equals(stored);
}

function hashVisitor(key: string, siteId: string, sub: string): Visitor {
  // NUL separates the two, because neither can contain it.
  const hash = createHmac("sha256", key).update(`${siteId}\0${sub}`).digest();
  return { hash, formerHash: siteId === defaultSite ? createHash("sha256").update(sub).digest() : hash };
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
