import { createHash, randomBytes } from "node:crypto";

/** 256 random bits. */
const tokenForm = /^[\w-]{43}$/;

/** A link as it is handed out, once: only the hash of its token is kept. */
export interface OneTimeLink {
  token: string;
  tokenHash: Buffer;
}

export function makeOneTimeLink(): OneTimeLink {
  const token = randomBytes(32).toString("base64url");
  return { token, tokenHash: digestOf(token) };
}

/** @returns `undefined` for what cannot be the token of a link */
export function hashOfLinkToken(token: string): Buffer | undefined {
  return tokenForm.test(token) ? digestOf(token) : undefined;
}

/**
 * Address of a link. The token is in its fragment, which browsers send to no server: no log has it, and scanners that
 * open links in mails do not use it up.
 * @param base address of the console's host, without a path
 */
export function addressOfLink(base: string, token: string): string {
  return `${base.replace(/\/$/, "")}/console?part=sign-in#link=${token}`;
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
