/**
 * Extracts the product token that names a crawler in robots.txt (RFC 9309 2.2.1), in lower case. It is at the start of a
 * `User-Agent` header, or follows `compatible;` where the header begins like a browser's.
 * @returns `""` if there is none; it matches no group but `*`
 */
export function agentToken(userAgent: string): string {
  const [, compatible] = /^mozilla\/.*?\bcompatible;\s*([a-z_-]+)/i.exec(userAgent) ?? [];
  const [, leading = ""] = /^([a-z_-]*)/i.exec(userAgent) ?? [];
  return (compatible ?? leading).toLowerCase();
}
