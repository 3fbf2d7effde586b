/** Punctuation that may follow a host in a sentence, or close a bracket around it; no host can be made with it. */
const punctuation = String.raw`[.,;:!?'"*_~)\]}>|\x60…]`;
const onlyPunctuation = new RegExp(`^${punctuation}*$`);
const name = String.raw`[\p{L}\p{N}\p{M}.%_-]`;
const stillOpen = new RegExp(`^${name}*(?::\\d*)?${punctuation}*$`, "u");

/** What stands where a URL has its authority, taken apart. */
export interface Authority {
  /** As it was written; empty: there is none. */
  host: string;
  /** With its colon. */
  port: string;
  rest: string;
}

/**
 * Whether a host is among those that links may lead to: `example.com` is that host, `*.example.com` all below it.
 * @param host as it was written; what a browser makes of it is compared
 */
function isAllowedHost(host: string, allowed: readonly string[]): boolean {
  // Some readers end a host before what is percent-encoded, and make another one of the rest.
  const canonical = host.includes("%") ? undefined : canonicalHost(host);
  if (canonical === undefined) return false;
  return allowed.some((entry) => (entry.startsWith("*.") ? canonical.endsWith(entry.slice(1)) : canonical === entry));
}

/**
 * Finds the allowed host that an authority begins with.
 * @returns `undefined`: it begins with another one, or nobody can say
 */
export function findAllowed(authority: string, allowed: readonly string[]): Authority | undefined {
  const [written = ""] = new RegExp(`^${name}+`, "u").exec(authority) ?? [];
  // In scripts without spaces a sentence goes on right behind it.
  const [ascii = ""] = /^[a-z\d.-]+(?!\p{ASCII})/iu.exec(written) ?? [];
  const host = [written, ascii].map(withoutEnd).find((candidate) => isAllowedHost(candidate, allowed));
  if (host === undefined) return undefined;
  const [port = ""] = /^:\d{1,5}(?!\d)/.exec(authority.slice(host.length)) ?? [];
  const rest = authority.slice(host.length + port.length);
  return rest.includes("@") ? undefined : { host, port, rest };
}

/** Whether more characters may still belong to the host, its port, or the punctuation after them. */
export function isOpen(authority: string): boolean {
  return stillOpen.test(authority);
}

export function isPunctuation(text: string): boolean {
  return onlyPunctuation.test(text);
}

/** Whether what follows two slashes names a host, or is a comment in code. */
export function namesHost(authority: string): boolean {
  const [word = ""] = /^[)\]"'`>,;|]*[^)\]"'`>,;|]*/.exec(authority) ?? [];
  if (/[.。．｡@[]/u.test(word)) return true;
  // Some readers go on behind these marks.
  if (/[.。．｡][\p{L}\p{N}]|@/u.test(authority)) return true;
  // An address may be written as one number.
  return /^(?:\d{8,}|0[x\d][\da-fx]{4,})/i.test(word);
}

/** Whether mail goes to an allowed host alone. */
export function isAllowedMail(address: string, allowed: readonly string[]): boolean {
  const [, host] = /^[\w.+-]+@([a-z\d.-]+)(?:\?(?:subject|body)=[^&;?]*)?[.,;:!?'"*_]*$/i.exec(address) ?? [];
  return host !== undefined && isAllowedHost(withoutEnd(host), allowed);
}

function withoutEnd(host: string): string {
  return host.replace(/[._-]+$/, "");
}

/** As a browser reads it: case, other alphabets, numbers for addresses. `undefined`: it is none. */
function canonicalHost(host: string): string | undefined {
  return host === "" ? undefined : URL.parse(`https://${host}`)?.hostname;
}
