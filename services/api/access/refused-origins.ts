import type { Logger } from "../../../shared/logger.ts";

const intervalMs = 60_000;
/** Maximum number of origins named in a minute. Any program can send any `Origin`, so the number must be bounded. */
const maxOrigins = 20;
/** Maximum number of characters of an origin that are shown. */
const maxShownChars = 200;

/** Says which setting lets the pages of an origin in. */
export function originAdvice(origin: string): string {
  if (origin === "null") {
    return "The page has no origin of its own: it was opened as a file or is in a sandboxed frame. ALLOWED_ORIGINS cannot let such pages in.";
  }
  return `To let the pages of ${origin.slice(0, maxShownChars)} in, add that to ALLOWED_ORIGINS.`;
}

/**
 * Creates the function that logs requests from pages whose origin is not allowed: the owner of such a page sees a chat
 * that does not work, and browsers hide the reason. Each origin is named once a minute, twenty in all.
 */
export function logRefusedOrigins(log: Logger, now = () => performance.now()): (origin: string) => void {
  const namedAt = new Map<string, number>();
  let omitted = 0;
  return (origin) => {
    const shown = origin.slice(0, maxShownChars);
    for (const [other, at] of namedAt) if (now() - at >= intervalMs) namedAt.delete(other);
    if (namedAt.has(shown)) return;
    if (namedAt.size >= maxOrigins) {
      omitted += 1;
      return;
    }
    namedAt.set(shown, now());
    log.warn(
      { origin: shown, setting: "ALLOWED_ORIGINS", ...(omitted > 0 && { omitted }) },
      `the chat was refused on a page of another origin. ${originAdvice(origin)}`,
    );
    omitted = 0;
  };
}
