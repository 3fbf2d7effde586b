/**
 * Normalises the address of a page, so that one page has one address: without its fragment and the port of its scheme,
 * escapes in one spelling (RFC 3986 6.2.2). The query stays, tracking parameters included: only the site knows them.
 * @param base address that a relative one belongs to
 * @returns `undefined` for an address that no page has
 */
export function normalizeAddress(text: string, base?: string): string | undefined {
  const url = URL.parse(text.trim(), base);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  url.hash = "";
  return url.href.replace(/%[\da-f]{2}/gi, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : escape.toUpperCase();
  });
}

/** Tests whether an address is of a host, or of the same host with `www.` before it or without. */
export function isOfHost(address: string, hosts: readonly string[]): boolean {
  const { host } = new URL(address);
  return hosts.some((own) => withoutWww(own) === withoutWww(host));
}

function withoutWww(host: string): string {
  return host.replace(/^www\./, "");
}
