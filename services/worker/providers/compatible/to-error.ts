import { z } from "zod";
import type { ProviderError } from "../provider.ts";
import { errorOfStatus } from "../upstream/errors.ts";
import { describeErrorObject, isOutOfCredit } from "../upstream/openai-errors.ts";

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
  const error = errorIn(body);
  const detail = `${describeErrorObject(error, apiKey)}${hints[status] ?? ""}`;
  return errorOfStatus({ status, retryAfter, detail, ...(isOutOfCredit(error) && { code: "rejected" }) }, now);
}

const hints: Partial<Record<number, string>> = {
  401: ": check COMPATIBLE_API_KEY",
  403: ": check COMPATIBLE_API_KEY",
  404: ": check COMPATIBLE_BASE_URL and COMPATIBLE_MODEL",
};

function errorIn(body: string): unknown {
  try {
    return z.object({ error: z.unknown().optional() }).safeParse(JSON.parse(body)).data?.error;
  } catch {
    // HTML, or cut: the status says enough.
    return undefined;
  }
}
