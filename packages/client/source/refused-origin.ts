import type { OriginReport } from "./protocol.d.ts";
import type { Endpoint } from "./endpoint.ts";

/** Services whose refusal is in the console. */
const reported = new WeakSet<Endpoint>();

/**
 * Asks the service whether it allows the page's origin. It says so on pages of any origin, in an answer to a request without
 * a preflight. If it does not, the console names the setting that lets the page in.
 * @returns true if the page is refused; `undefined` if nothing is known
 */
export async function askForOrigin(endpoint: Endpoint, signal: AbortSignal): Promise<boolean | undefined> {
  const { server } = endpoint;
  // Absent outside browsers, where there is no CORS.
  const { origin, location } = globalThis as Partial<{ origin: string; location: { protocol: string } }>;
  if (origin === undefined || server === "" || `${server}/`.startsWith(`${origin}/`)) return undefined;
  try {
    const address = `${server}/api/origin`;
    const response = await endpoint.fetch(address, { signal, cache: "no-store", credentials: "omit" });
    const report = (await response.json()) as Partial<OriginReport>;
    if (report.allowed !== false) return report.allowed === true ? false : undefined;
    // The chat itself says what is wrong with a page opened from a file.
    if (location?.protocol !== "file:") explainInConsole(endpoint, report.origin ?? origin);
    return true;
  } catch {
    return undefined;
  }
}

function explainInConsole(endpoint: Endpoint, origin: string): void {
  if (reported.has(endpoint)) return;
  reported.add(endpoint);
  // oxlint-disable-next-line no-console -- the page's developer looks there, and the browser itself hides the reason
  console.error(
    origin === "null"
      ? `Parley: this page has no origin of its own, as in a frame with the attribute "sandbox", so ${endpoint.server} cannot let it in. Add "allow-same-origin" to that attribute.`
      : `Parley: ${endpoint.server} does not let pages of ${origin} use its chat. Add ${origin} to the setting ALLOWED_ORIGINS of Parley and restart it.`,
  );
}
