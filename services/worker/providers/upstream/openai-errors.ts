import { z } from "zod";
import { ProviderError } from "../provider.ts";
import { codeOfStatus, namesIn } from "./errors.ts";

/** What OpenAI calls an account that must be paid first: a 429 that no waiting ends. */
const outOfCredit = "insufficient_quota";

const ourFault = new Set([
  "authentication_error",
  "bio_policy",
  "context_length_exceeded",
  "data_residency_mismatch",
  "invalid_api_key",
  "invalid_prompt",
  "invalid_request_error",
  "misalignment_policy_violation",
  "model_not_found",
  "not_found_error",
  "permission_error",
  outOfCredit,
]);

const word = z
  .union([z.string(), z.number().transform(String)])
  .optional()
  .catch(undefined);
const errorObject = z.object({ code: word, type: word, param: word }).catch({});

/** The names in an error object of OpenAI's APIs, for the log; see `namesIn`. */
export function describeErrorObject(error: unknown, apiKey: string | undefined): string {
  const { type, code, param } = errorObject.parse(error);
  return namesIn([type, code, param], apiKey);
}

export function isOutOfCredit(error: unknown): boolean {
  return errorObject.parse(error).code === outOfCredit;
}

/** For an `error` inside a stream that began well. Its code may be an HTTP status (OpenRouter, vLLM, llama.cpp). */
export function fromErrorObject(error: unknown, apiKey: string | undefined): ProviderError {
  const { code = "", type = "" } = errorObject.parse(error);
  const status = Number(code);
  const message = `an error in the stream${describeErrorObject(error, apiKey)}`;
  if (status >= 400 && status < 600) return new ProviderError(codeOfStatus(status), message, { status });
  return new ProviderError(ourFault.has(code) || ourFault.has(type) ? "rejected" : "overloaded", message);
}
