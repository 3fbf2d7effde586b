import { createHmac } from "node:crypto";
import type { Pool } from "pg";
import { replaceSetting } from "../../../shared/db/settings.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { Secrets } from "./signed-claims.ts";

const key = "token-secret-fingerprints";

/**
 * Compares this process's `TOKEN_SECRET` with that of the API started last on this database, then stores its own
 * fingerprint. Two APIs with different secrets refuse each other's tokens, at random behind a load balancer. A
 * difference is logged, not refused: after a leak a new secret must be able to replace the old one at once.
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

/** Distinguishes secrets, and reveals nothing about them: a secret has at least 32 characters. */
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
