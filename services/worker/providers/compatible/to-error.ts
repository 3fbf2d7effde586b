import { z } from "zod";
import { ProviderError } from "../provider.ts";
import { codeOfStatus, errorOfStatus, namesIn } from "../upstream/errors.ts";

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
  const detail = `${describe(errorIn(body), apiKey)}${hints[status] ?? ""}`;
  return errorOfStatus({ status, retryAfter, detail }, now);
}

/** For an `error` inside a stream that began well. Its code may be an HTTP status (OpenRouter, vLLM, llama.cpp). */
export function fromErrorObject(error: unknown, apiKey?: string): ProviderError {
  const { code, type } = errorObject.parse(error);
  const status = Number(code);
  const message = `an error in the stream${describe(error, apiKey)}`;
  if (status >= 400 && status < 600) return new ProviderError(codeOfStatus(status), message, { status });
  return new ProviderError(ourFault.has(code ?? "") || ourFault.has(type ?? "") ? "rejected" : "overloaded", message);
}

const hints: Partial<Record<number, string>> = {
  401: ": check COMPATIBLE_API_KEY",
  403: ": check COMPATIBLE_API_KEY",
  404: ": check COMPATIBLE_BASE_URL and COMPATIBLE_MODEL",
};

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

function describe(error: unknown, apiKey: string | undefined): string {
  const { type, code, param } = errorObject.parse(error);
  return namesIn([type, code, param], apiKey);
}

function errorIn(body: string): unknown {
  try {
    return z.object({ error: z.unknown().optional() }).safeParse(JSON.parse(body)).data?.error;
  } catch {
    // HTML, or cut: the status says enough.
    return undefined;
  }
}
