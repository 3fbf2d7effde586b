import type { OriginReport } from "../../../shared/protocol/service.ts";
import type { Endpoint } from "./endpoint.ts";
import { ServiceError } from "./service-error.ts";

/** Problem code of a page whose origin the service does not allow. */
export const originRefused = "origin-not-allowed";

/** Services whose answers this page can read, and those whose refusal is in the console. */
const readable = new WeakSet<Endpoint>();
const reported = new WeakSet<Endpoint>();

/** Remembers that this page can read the service's answers, so that a lost connection is not questioned. */
export function markReadable(endpoint: Endpoint): void {
  readable.add(endpoint);
}

/**
 * Finds out whether a request without an answer was refused by CORS, which `fetch` reports like a lost connection. The
 * service says so on pages of any origin, in an answer to a request without a preflight. The console then names the
 * setting that lets the page in.
 * @returns `undefined` if the page is allowed, or nothing is known
 */
export async function findRefusedOrigin(endpoint: Endpoint, signal: AbortSignal): Promise<ServiceError | undefined> {
  const { server } = endpoint;
  // Absent outside browsers, where there is no CORS.
  const { origin, location } = globalThis as Partial<{ origin: string; location: { protocol: string } }>;
  if (origin === undefined || server === "" || `${server}/`.startsWith(`${origin}/`) || readable.has(endpoint)) {
    return undefined;
  }
  try {
    const response = await endpoint.fetch(`${server}/api/origin`, { signal, cache: "no-store", credentials: "omit" });
    const report = (await response.json()) as Partial<OriginReport>;
    if (report.allowed === true) markReadable(endpoint);
    if (report.allowed !== false) return undefined;
    // The chat itself says what is wrong with a page opened from a file.
    if (location?.protocol !== "file:") explainInConsole(endpoint, report.origin ?? origin);
    return new ServiceError(403, "This chat cannot be used on this page.", { code: originRefused });
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
