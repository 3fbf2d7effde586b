import { wasUnsent } from "../http/connections.ts";
import { ProviderError, type ProviderErrorCode } from "../../provider.ts";

/** 4xx that pass by themselves: a request timeout, a conflict (a model being loaded), too early, too many. */
const passing = new Set([408, 409, 425, 429]);

/** What an HTTP status that is no success means for the next call. */
export function codeOfStatus(status: number): ProviderErrorCode {
  if (status >= 500 || passing.has(status)) return "overloaded";
  // A redirect would take the key and the conversation to a host that nobody configured.
  return status >= 300 ? "rejected" : "malformed";
}

interface Answer {
  status: number;
  /** The header's value. */
  retryAfter?: string | null | undefined;
  /** For the log, after the status; see `namesIn`. */
  detail: string;
  /** By default what the status says. */
  code?: ProviderErrorCode;
  /** The key is refused, although the status may not say so. */
  refusedKey?: boolean;
}

/** @param now Unix milliseconds, for a `Retry-After` that is a date */
export function errorOfStatus(
  { status, retryAfter, detail, code = codeOfStatus(status), refusedKey = false }: Answer,
  now = Date.now(),
): ProviderError {
  const retryAfterMs = parseRetryAfter(retryAfter, now);
  return new ProviderError(code, `HTTP ${status}${detail}`, {
    status,
    ...(refusedKey && { refusedKey }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** For what Node reports when there is no connection, or when it ends too early. */
export function fromConnection(error: unknown): ProviderError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  // Nobody is there who would say so: asking again costs the visitor the same time once more.
  const kind = code === "ETIMEDOUT" ? "timeout" : "unreachable";
  return new ProviderError(kind, `the connection failed: ${code}`, { cause: error, unsent: wasUnsent(error) });
}

/**
 * An upstream's own words may quote the visitor or the key; of its error only what looks like a name is kept.
 * @returns like ` (invalid_request_error, max_tokens)`, or nothing
 */
export function namesIn(values: readonly unknown[], apiKey: string | undefined): string {
  const names = values.filter(
    (value) => typeof value === "string" && /^[\w.[\]-]{1,60}$/.test(value) && !(apiKey && value.includes(apiKey)),
  );
  return names.length > 0 ? ` (${names.join(", ")})` : "";
}

/** RFC 9110 §10.2.3: seconds or a date; undefined for anything else. */
function parseRetryAfter(value: string | null | undefined, now: number): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
