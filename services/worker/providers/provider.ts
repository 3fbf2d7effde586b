import type { Assistant } from "../../../shared/assistants.ts";
import type { FinishReason } from "../../../shared/protocol/job.ts";
import type { ProviderName } from "../../../shared/provider-catalog.ts";

/**
 * One way to get a reply. A provider is a few pure mappers (to its request, from its events, to our errors) around one
 * call; `provider.testsuite.ts` is the contract each one passes.
 */
export interface Provider {
  readonly name: ProviderName;
  /**
   * Streams one reply: deltas, then one `finish`, last. Text is passed on as it came; the caller cleans it.
   * Aborting `signal` ends the upstream call at once and rejects with the signal's reason.
   * @throws {ProviderError} for everything that went wrong upstream; it never retries by itself
   */
  stream(request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent>;
}

export interface ProviderRequest {
  assistant: Assistant;
  /** The conversation so far, oldest first; the last is the visitor's message to answer. */
  prompt: readonly PromptMessage[];
}

export interface PromptMessage {
  role: "user" | "assistant";
  text: string;
}

export type ProviderEvent =
  | { type: "delta"; text: string }
  | {
      type: "finish";
      finishReason: Exclude<FinishReason, "cancelled">;
      /** The model that answered, as the provider names it. */
      model: string;
      usage?: TokenUsage;
    };

export interface TokenUsage {
  inputTokens: number;
  outputTokens: number;
}

/**
 * `unreachable`: no connection, or it broke; `overloaded`: 429, 5xx; `rejected`: our request or key is at fault, and
 * would be again; `malformed`: an answer that is not what its API promises, an end without a finish included.
 */
export type ProviderErrorCode = "unreachable" | "overloaded" | "rejected" | "malformed" | "timeout";

export class ProviderError extends Error {
  override name = "ProviderError";
  readonly code: ProviderErrorCode;
  /** The upstream's HTTP status, where there was one. */
  readonly status: number | undefined;
  /** What `Retry-After` asked for. */
  readonly retryAfterMs: number | undefined;

  /** @param message for the log: never a key, never the visitor's text */
  constructor(
    code: ProviderErrorCode,
    message: string,
    { status, retryAfterMs, cause }: { status?: number; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  get retryable(): boolean {
    return this.code !== "rejected";
  }
}
