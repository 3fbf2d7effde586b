import { APIConnectionError, APIError, OpenAIError } from "openai";
import { ProviderError } from "../provider.ts";
import { errorOfStatus, fromConnection } from "../upstream/errors/errors.ts";
import { wordsIn } from "../upstream/errors/sdk-words.ts";
import { describeErrorObject, isOutOfCredit, isRefusedKey } from "../upstream/errors/openai-errors.ts";

/** Maps errors thrown by the SDK, and errors of the connection while the stream is read. */
export function toError(error: unknown, apiKey: string): ProviderError {
  if (error instanceof ProviderError) return error;
  // Causes are left out: the SDK's errors hold the upstream's words and headers, and a SyntaxError quotes the answer.
  if (isAnswer(error)) return fromAnswer(error, apiKey);
  if (error instanceof SyntaxError) return new ProviderError("malformed", "the answer is not JSON");
  if (error instanceof APIConnectionError) return fromConnection(error.cause);
  if (error instanceof OpenAIError && !(error instanceof APIError)) {
    return new ProviderError("rejected", "the SDK refused to make the call");
  }
  return fromConnection(error);
}

type Answer = APIError<number>;

function isAnswer(error: unknown): error is Answer {
  return error instanceof APIError && error.status !== undefined;
}

function fromAnswer({ status, headers, error: body, message }: Answer, apiKey: string): ProviderError {
  const error = body ?? wordsIn(message);
  const unpaid = isOutOfCredit(error);
  const refusedKey = isRefusedKey(error);
  const hint = unpaid ? ": check the account's billing" : (hints[refusedKey ? 401 : status] ?? "");
  return errorOfStatus({
    status,
    retryAfter: headers?.get("retry-after"),
    detail: `${describeErrorObject(error, apiKey)}${hint}`,
    refusedKey,
    ...((unpaid || refusedKey) && { code: "rejected" }),
  });
}

const hints: Partial<Record<number, string>> = {
  401: ": check OPENAI_API_KEY",
  403: ": check OPENAI_API_KEY",
  404: ": check OPENAI_BASE_URL, OPENAI_MODEL and the thread",
};
