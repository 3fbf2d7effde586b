import { createHash, randomBytes } from "node:crypto";

/** Tells operators' keys from visitors' tokens, and scanners of source code what they have found. */
const prefix = "psk_";

/** A prefix and 256 random bits. */
const keyForm = /^psk_[\w-]{43}$/;

/** Makes a key. Only its hash is kept: it needs neither salt nor a slow hash, as it cannot be guessed. */
export function makeOperatorKey(): string {
  return `${prefix}${randomBytes(32).toString("base64url")}`;
}

/** True if a bearer's credential claims to be an operator's key. */
export function claimsToBeKey(credential: string): boolean {
  return credential.startsWith(prefix);
}

/** @returns the hash under which a key is kept; `undefined` for what cannot be a key */
export function hashOfKey(credential: string): Buffer | undefined {
  return keyForm.test(credential) ? createHash("sha256").update(credential).digest() : undefined;
}
