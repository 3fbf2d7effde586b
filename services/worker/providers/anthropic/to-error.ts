import { AnthropicError, APIConnectionError, APIError } from "@anthropic-ai/sdk";
import { ProviderError } from "../provider.ts";
import { errorOfStatus, fromConnection, namesIn } from "../upstream/errors/errors.ts";
import { kindOf } from "../upstream/errors/error-kinds.ts";
import { findError, readFault } from "../upstream/errors/openai-errors.ts";
import { wordsIn } from "../upstream/errors/sdk-words.ts";

/** Maps errors thrown by the SDK, and errors of the connection while the stream is read. */
export function toError(error: unknown, apiKey: string): ProviderError {
  if (error instanceof ProviderError) return error;
  // The cause is left out: the SDK's error holds the upstream's words and headers.
  if (error instanceof APIError && error.status !== undefined) return fromAnswer(error as APIError, apiKey);
  if (error instanceof APIConnectionError) return fromConnection(error.cause);
  if (error instanceof AnthropicError && !(error instanceof APIError)) {
    return new ProviderError("rejected", "the SDK refused to make the call");
  }
  return fromConnection(error);
}

/** Reads the whole body, since gateways answer in words of their own. */
function fromAnswer(answer: APIError, apiKey: string): ProviderError {
  const { status = 0, type, errorCode, headers, error: body, message } = answer;
  const retryAfter = headers?.get("retry-after");
  const fault = readFault(findError(body ?? wordsIn(message), true));
  const kind = kindOf(fault);
  const refusedKey = kind === "key";
  const ours = refusedKey || kind === "credit";
  const named = namesIn([...new Set([type, errorCode, ...fault.names])], apiKey);
  const detail = `${named}${hints[refusedKey ? 401 : kind === "credit" ? 402 : status] ?? ""}`;
  return errorOfStatus({ status, retryAfter, detail, refusedKey, ...(ours && { code: "rejected" }) });
}

const hints: Partial<Record<number, string>> = {
  401: ": check ANTHROPIC_API_KEY",
  402: ": check the account's billing",
  403: ": check ANTHROPIC_API_KEY",
  404: ": check ANTHROPIC_BASE_URL and ANTHROPIC_MODEL",
};
