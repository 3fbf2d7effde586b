import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import { SignJWT } from "jose/jwt/sign";
import type { Pool } from "pg";
import { readOrMakeSetting } from "../db/settings.ts";

/**
 * Tokens of the links in mails. Their key is in the database, since workers sign them and have no secret of the APIs. A
 * token has one purpose, its audience, and is valid for nothing else.
 */

/** Purposes: to open one conversation, and to stop mails to one address. */
export const mailAudiences = { open: "parley:mail-open", stop: "parley:mail-stop" } as const;

/** Lifetime of a link to a conversation. */
const openLinkDays = 7;

export async function readMailKey(pool: Pool): Promise<string> {
  return readOrMakeSetting(pool, "mail-key", () => randomBytes(32).toString("base64url"));
}

/** Signs a token that opens a conversation for seven days. */
export async function signOpenToken(key: string, conversationId: string): Promise<string> {
  return unsigned(mailAudiences.open, conversationId).setExpirationTime(`${openLinkDays} days`).sign(toSecret(key));
}

/** Signs a token that stops mails to an address. It has no end: a mail may be read years later. */
export async function signStopToken(key: string, addressHash: Buffer): Promise<string> {
  return unsigned(mailAudiences.stop, addressHash.toString("base64url")).sign(toSecret(key));
}

/** Keyed, so that a copy of a hash alone tells nothing about guessed addresses. */
export function hashAddress(key: string, address: string): Buffer {
  return createHmac("sha256", key).update(address.toLowerCase()).digest();
}

function unsigned(audience: string, subject: string): SignJWT {
  return new SignJWT().setProtectedHeader({ alg: "HS256" }).setAudience(audience).setSubject(subject).setIssuedAt();
}

function toSecret(key: string) {
  return createSecretKey(Buffer.from(key));
}
