/**
 * The only site of an installation so far. Whatever is stored for a site names it, since hashes and keys that leave it
 * out could not be told apart once there is a second.
 */
export const defaultSite = "default";

/**
 * Scopes a key to its site; a site's id contains no colon. Keys of the first site are as they were before sites had
 * names, and none of them begins with `site:`.
 */
export function keyOfSite(siteId: string, key: string): string {
  return siteId === defaultSite ? key : `site:${siteId}:${key}`;
}
