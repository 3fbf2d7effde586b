import type { ProviderError } from "../provider.ts";
import { errorOfStatus } from "../upstream/errors/errors.ts";
import { namesIn } from "../upstream/errors/errors.ts";
import { kindOf } from "../upstream/errors/error-kinds.ts";
import { findError, readFault } from "../upstream/errors/openai-errors.ts";
import { parseJson } from "../upstream/parse-event.ts";

/** An answer that is not a stream, as far as it was read. */
export interface ErrorAnswer {
  status: number;
  retryAfter?: string | undefined;
  /** Start of the body; it may be cut anywhere. */
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
  const fault = readFault(findError(parseBody(body), true));
  const kind = kindOf(fault);
  const refusedKey = kind === "key";
  const hint = refusedKey ? hints[401] : kind === "credit" ? hints[402] : hints[status];
  const detail = `${namesIn(fault.names, apiKey)}${hint ?? ""}`;
  const ours = refusedKey || kind === "credit";
  return errorOfStatus({ status, retryAfter, detail, refusedKey, ...(ours && { code: "rejected" }) }, now);
}

const hints: Partial<Record<number, string>> = {
  401: ": check COMPATIBLE_API_KEY",
  402: ": check the account's billing",
  403: ": check COMPATIBLE_API_KEY",
  404: ": check COMPATIBLE_BASE_URL and COMPATIBLE_MODEL",
};

/**
 * Parses JSON, the data of events, or a line of text. A web page or a cut body is skipped, since the status says
 * enough.
 */
export function parseBody(body: string): unknown {
  const text = body.trim();
  const [, data] = /^data: ?(.*)$/m.exec(text) ?? [];
  const value = parseJson(text) ?? (data === undefined ? undefined : parseJson(data));
  return value ?? (/^[[{<]/.test(text) ? undefined : text);
}
