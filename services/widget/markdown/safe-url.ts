const allowed: readonly string[] = ["http:", "https:", "mailto:", "tel:"];

/**
 * Returns the target of a reply's link if it is safe. The check applies to the address as the browser parses it, not to
 * its spelling.
 * @param base the page, for an address without a host
 */
export function safeUrl(address: string, base: string): string | undefined {
  if (!URL.canParse(address, base)) return undefined;
  const { protocol, href } = new URL(address, base);
  return allowed.includes(protocol) ? href : undefined;
}
