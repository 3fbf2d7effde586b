import { createHmac } from "node:crypto";
import type { Pool } from "pg";
import { replaceSetting } from "../../../shared/db/settings.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { Secrets } from "./signed-claims.ts";

const key = "token-secret-fingerprints";

/**
 * Holds this process's `TOKEN_SECRET` against the one with which an API was last started on this database, and keeps its own
 * in its place. Two APIs with different secrets refuse each other's tokens, at random behind a load balancer. It is said, not
 * refused: after a leak a new secret must be able to take the place of the old one at once.
 */
export async function compareTokenSecrets(pool: Pool, secrets: Secrets, log: Logger): Promise<void> {
  const own = secrets.map(fingerprintOf);
  const before = parse(await replaceSetting(pool, key, JSON.stringify(own)));
  const [signs] = before;
  if (signs === undefined) return;
  if (!own.includes(signs)) {
    log.error(
      "TOKEN_SECRET is not the one of the API that was started before on this database: each refuses the conversation tokens of " +
        "the other. Give all APIs the same. To replace a secret, list the old one as well, for 30 days: TOKEN_SECRET=new,old",
    );
  } else if (own[0] !== undefined && !before.includes(own[0])) {
    log.info("TOKEN_SECRET begins with a new secret: APIs that do not list it yet refuse tokens that are signed here");
  }
}

/** Tells secrets apart, and nothing about them: a secret has at least 32 characters. */
function fingerprintOf(secret: string): string {
  return createHmac("sha256", secret).update("parley: fingerprint of a token secret").digest("base64url").slice(0, 22);
}

function parse(stored: string | undefined): string[] {
  try {
    const parsed: unknown = JSON.parse(stored ?? "[]");
    return Array.isArray(parsed) ? parsed.filter((item) => typeof item === "string") : [];
  } catch {
    return [];
  }
}
