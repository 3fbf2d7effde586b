import { wasUnsent } from "../../../../../shared/upstream/connections.ts";
import { ProviderError, type ProviderErrorCode } from "../../provider.ts";
import { isKnownName } from "./error-kinds.ts";

/** Temporary 4xx statuses: a request timeout, a conflict (a model being loaded), too early, too many. */
const passing = new Set([408, 409, 425, 429]);

/** Maps an HTTP error status to an error code, which decides on the next call. */
export function codeOfStatus(status: number): ProviderErrorCode {
  if (status >= 500 || passing.has(status)) return "overloaded";
  // A redirect would take the key and the conversation to a host outside the configuration.
  return status >= 300 ? "rejected" : "malformed";
}

interface Answer {
  status: number;
  /** Value of the header. */
  retryAfter?: string | null | undefined;
  /** Detail for the log, after the status; see `namesIn`. */
  detail: string;
  /** Error code; by default that of the status. */
  code?: ProviderErrorCode;
  /** True if the key is refused, although the status may not say so. */
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

/** Maps Node's errors for a connection that failed, or that ended too early. */
export function fromConnection(error: unknown): ProviderError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  // A host that does not answer gets no retry, which would cost the visitor the same time again.
  const kind = code === "ETIMEDOUT" ? "timeout" : "unreachable";
  return new ProviderError(kind, `the connection failed: ${code}`, { cause: error, unsent: wasUnsent(error) });
}

/**
 * Keeps only the values of an error that look like a name: an upstream's own words may quote the visitor or the key.
 * @returns text like ` (invalid_request_error, max_tokens)`, or an empty string
 */
export function namesIn(values: readonly unknown[], apiKey: string | undefined): string {
  const names = values.filter(
    (value) => typeof value === "string" && /^[\w.[\]-]{1,60}$/.test(value) && !(apiKey && value.includes(apiKey)),
  );
  return names.length > 0 ? ` (${names.join(", ")})` : "";
}

/**
 * Removes an upstream's names from an error's message, except well-known ones: a name may still quote one word of the
 * visitor.
 */
export function withoutUnknownNames(message: string): string {
  return message.replace(/ \(([\w.[\]-]+(?:, [\w.[\]-]+)*)\)/g, (_, names: string) => {
    const known = names.split(", ").filter(isKnownName);
    return known.length > 0 ? ` (${known.join(", ")})` : "";
  });
}

/** RFC 9110 §10.2.3: seconds or a date; `undefined` for anything else. */
function parseRetryAfter(value: string | null | undefined, now: number): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
