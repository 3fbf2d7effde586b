const allowed: readonly string[] = ["http:", "https:", "mailto:", "tel:"];

/**
 * Where a link of a reply may lead. Decided on what the browser makes of it, not on how it is written.
 * @param base the page, for an address without a host
 */
export function safeAddress(address: string, base: string): string | undefined {
  if (!URL.canParse(address, base)) return undefined;
  const { protocol, href } = new URL(address, base);
  return allowed.includes(protocol) ? href : undefined;
}
