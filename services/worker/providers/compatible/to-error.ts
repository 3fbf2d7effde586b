import { z } from "zod";
import { ProviderError, type ProviderErrorCode } from "../provider.ts";

/** An answer that is not a stream, as far as it was read. */
export interface ErrorAnswer {
  status: number;
  retryAfter?: string | undefined;
  /** The start of the body: it may be cut anywhere. */
  body: string;
}

/**
 * @param now Unix milliseconds, for a `Retry-After` that is a date
 */
export function fromAnswer(
  { status, retryAfter, body }: ErrorAnswer,
  apiKey?: string,
  now = Date.now(),
): ProviderError {
  const retryAfterMs = parseRetryAfter(retryAfter, now);
  return new ProviderError(codeOf(status), `HTTP ${status}${describe(errorIn(body), apiKey)}${hints[status] ?? ""}`, {
    status,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** For an `error` inside a stream that began well. Its code may be an HTTP status (OpenRouter, vLLM, llama.cpp). */
export function fromErrorObject(error: unknown, apiKey?: string): ProviderError {
  const { code, type } = errorObject.parse(error);
  const status = Number(code);
  const message = `an error in the stream${describe(error, apiKey)}`;
  if (status >= 400 && status < 600) return new ProviderError(codeOf(status), message, { status });
  return new ProviderError(ourFault.has(code ?? "") || ourFault.has(type ?? "") ? "rejected" : "overloaded", message);
}

/** For what Node reports when there is no connection, or when it ends too early. */
export function fromConnection(error: unknown): ProviderError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  return new ProviderError("unreachable", `the connection failed: ${code}`, { cause: error });
}

const hints: Partial<Record<number, string>> = {
  401: ": check COMPATIBLE_API_KEY",
  403: ": check COMPATIBLE_API_KEY",
  404: ": check COMPATIBLE_BASE_URL and COMPATIBLE_MODEL",
};

/** 4xx that pass by themselves: a request timeout, a conflict (a model being loaded), too early, too many. */
const passing = new Set([408, 409, 425, 429]);

function codeOf(status: number): ProviderErrorCode {
  if (status >= 500 || passing.has(status)) return "overloaded";
  // A redirect would take the key and the conversation to a host that nobody configured.
  return status >= 300 ? "rejected" : "malformed";
}

const ourFault = new Set([
  "authentication_error",
  "context_length_exceeded",
  "invalid_api_key",
  "invalid_request_error",
  "model_not_found",
  "not_found_error",
  "permission_error",
]);

const word = z
  .union([z.string(), z.number().transform(String)])
  .optional()
  .catch(undefined);
const errorObject = z.object({ code: word, type: word, param: word }).catch({});

/** An upstream's own words may quote the visitor or the key; of its error only what looks like a name is kept. */
function describe(error: unknown, apiKey: string | undefined): string {
  const { type, code, param } = errorObject.parse(error);
  const names = [type, code, param].filter(
    (name) => name !== undefined && /^[\w.[\]-]{1,60}$/.test(name) && !(apiKey && name.includes(apiKey)),
  );
  return names.length > 0 ? ` (${names.join(", ")})` : "";
}

function errorIn(body: string): unknown {
  try {
    return z.object({ error: z.unknown().optional() }).safeParse(JSON.parse(body)).data?.error;
  } catch {
    // HTML, or cut: the status says enough.
    return undefined;
  }
}

/** RFC 9110 §10.2.3: seconds or a date; undefined for anything else. */
function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
