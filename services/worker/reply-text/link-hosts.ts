/** Punctuation that may follow a host in a sentence, or close a bracket around it. No host can contain it. */
const punctuation = String.raw`[.,;:!?'"*_~)\]}>|\x60…]`;
const onlyPunctuation = new RegExp(`^${punctuation}*$`);
const name = String.raw`[\p{L}\p{N}\p{M}.%_-]`;
const stillOpen = new RegExp(`^${name}*(?::\\d*)?${punctuation}*$`, "u");

/** Parts of the text at the position of a URL's authority. */
export interface Authority {
  /** Host as written; empty if there is none. */
  host: string;
  /** Port with its colon. */
  port: string;
  rest: string;
}

/**
 * Checks a host against the allowed ones: `example.com` allows that host, `*.example.com` all hosts below it.
 * @param host as written; it is compared in the form that a browser gives it
 */
function isAllowedHost(host: string, allowed: readonly string[]): boolean {
  // Some readers end a host before a percent-encoded character, and make another host of the rest.
  const canonical = host.includes("%") ? undefined : canonicalHost(host);
  if (canonical === undefined) return false;
  return allowed.some((entry) => (entry.startsWith("*.") ? canonical.endsWith(entry.slice(1)) : canonical === entry));
}

/**
 * Finds the allowed host that an authority begins with.
 * @returns `undefined` when it begins with another host, or when the host is ambiguous
 */
export function findAllowed(authority: string, allowed: readonly string[]): Authority | undefined {
  const [written = ""] = new RegExp(`^${name}+`, "u").exec(authority) ?? [];
  // In scripts without spaces, a sentence continues right behind the host.
  const [ascii = ""] = /^[a-z\d.-]+(?!\p{ASCII})/iu.exec(written) ?? [];
  const host = [written, ascii].map(withoutEnd).find((candidate) => isAllowedHost(candidate, allowed));
  if (host === undefined) return undefined;
  const [port = ""] = /^:\d{1,5}(?!\d)/.exec(authority.slice(host.length)) ?? [];
  const rest = authority.slice(host.length + port.length);
  return rest.includes("@") ? undefined : { host, port, rest };
}

/** True if more characters may still belong to the host, its port, or the punctuation after them. */
export function isOpen(authority: string): boolean {
  return stillOpen.test(authority);
}

export function isPunctuation(text: string): boolean {
  return onlyPunctuation.test(text);
}

/** True if the text after two slashes names a host; false if it is a comment in code. */
export function namesHost(authority: string): boolean {
  const [word = ""] = /^[)\]"'`>,;|]*[^)\]"'`>,;|]*/.exec(authority) ?? [];
  if (/[.。．｡@[]/u.test(word)) return true;
  // Some readers continue behind these marks.
  if (/[.。．｡][\p{L}\p{N}]|@/u.test(authority)) return true;
  // An address may be written as one number.
  return /^(?:\d{8,}|0[x\d][\da-fx]{4,})/i.test(word);
}

/** True if mail goes to an allowed host only. */
export function isAllowedMail(address: string, allowed: readonly string[]): boolean {
  const [, host] = /^[\w.+-]+@([a-z\d.-]+)(?:\?(?:subject|body)=[^&;?]*)?[.,;:!?'"*_]*$/i.exec(address) ?? [];
  return host !== undefined && isAllowedHost(withoutEnd(host), allowed);
}

function withoutEnd(host: string): string {
  return host.replace(/[._-]+$/, "");
}

/**
 * Host in the form a browser gives it: lower case, other alphabets encoded, numbers as addresses. `undefined`: not a
 * host.
 */
function canonicalHost(host: string): string | undefined {
  return host === "" ? undefined : URL.parse(`https://${host}`)?.hostname;
}
