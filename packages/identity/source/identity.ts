/** A visitor of your site, as your site knows them. */
export interface SiteVisitor {
  /** Your id of the visitor, 1 to 255 characters. Never use it again for another visitor. */
  id: string | number;
  /** At most 200 characters. */
  name?: string | null | undefined;
  /** At most 320 characters. */
  email?: string | null | undefined;
}

export interface SignOptions {
  /** `IDENTITY_SECRET` of Parley, as it is; of several, the one that is to stay. */
  secret: string;
  /** Seconds for which the identity is good: 8 hours by default, 24 hours at most. */
  lifetimeSeconds?: number | undefined;
}

const defaultLifetimeSeconds = 8 * 60 * 60;
const maxLifetimeSeconds = 24 * 60 * 60;
const maxChars = 4096;

/**
 * Signs a visitor's identity: a compact JWS (RFC 7515) with HS256. Call it on your server, for the visitor of the session.
 * Anyone with the secret can be any visitor, so it must never reach a page. Needs Web Crypto: Node 20, Deno, Bun, Workers.
 * @throws {TypeError} if Parley would refuse the identity
 */
export async function signIdentity(
  { id, name, email }: SiteVisitor,
  { secret, lifetimeSeconds = defaultLifetimeSeconds }: SignOptions,
): Promise<string> {
  const sub = readId(id);
  checkText("name", name, 200);
  checkText("email", email, 320);
  const key = readSecret(secret);
  if (!(lifetimeSeconds > 0 && lifetimeSeconds <= maxLifetimeSeconds)) {
    throw new TypeError(`lifetimeSeconds: must be more than 0 and at most ${maxLifetimeSeconds}, one day`);
  }
  const iat = Math.floor(Date.now() / 1000);
  const claims = { sub, ...(name && { name }), ...(email && { email }), iat, exp: iat + Math.floor(lifetimeSeconds) };
  const signed = `${encodeJson({ alg: "HS256", typ: "JWT" })}.${encodeJson(claims)}`;
  const identity = `${signed}.${base64url(await hmacSha256(key, signed))}`;
  if (identity.length > maxChars) throw new TypeError(`the identity has more than ${maxChars} characters`);
  return identity;
}

function readId(id: string | number): string {
  // Beyond 2^53 a number may have been rounded, which would make two visitors one.
  if (typeof id === "number" && !Number.isSafeInteger(id)) {
    throw new TypeError("id: a number must be whole and at most 9007199254740991; write larger ids as text");
  }
  const text = typeof id === "number" ? String(id) : id;
  if (typeof text !== "string" || text === "" || text.length > 255) {
    throw new TypeError("id: must be text of 1 to 255 characters, or a whole number");
  }
  if (text.includes("\0") || /\p{Surrogate}/u.test(text)) {
    throw new TypeError("id: must be text without U+0000 and without lone surrogates");
  }
  return text;
}

function checkText(name: string, text: string | null | undefined, max: number): void {
  if (text === undefined || text === null) return;
  if (typeof text !== "string" || text.length > max) {
    throw new TypeError(`${name}: must be text of at most ${max} characters, null or absent`);
  }
}

/** Reads it as Parley does: without white space at its ends, which a file adds. */
function readSecret(secret: string): string {
  const text = typeof secret === "string" ? secret.trim() : "";
  if (text.includes(",")) {
    throw new TypeError("secret: give one; IDENTITY_SECRET lists several, separated by commas, while one is replaced");
  }
  if (text.length < 32)
    throw new TypeError("secret: must be Parley's IDENTITY_SECRET, which has 32 characters or more");
  return text;
}

async function hmacSha256(secret: string, text: string): Promise<Uint8Array> {
  const { subtle } = globalThis.crypto;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await subtle.importKey("raw", utf8(secret), algorithm, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", key, utf8(text)));
}

function encodeJson(value: unknown): string {
  return base64url(utf8(JSON.stringify(value)));
}

function utf8(text: string) {
  return new TextEncoder().encode(text);
}

function base64url(bytes: Uint8Array): string {
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
