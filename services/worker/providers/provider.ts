import type { Assistant } from "../../../shared/assistants/assistants.ts";
import type { FinishReason } from "../../../shared/protocol/job.ts";
import type { ProviderName } from "../../../shared/assistants/provider-catalog.ts";

/**
 * One way to get a reply. A provider is a few pure mappers (to its request, from its events, to our errors) around one
 * call; `provider.testsuite.ts` is the contract each one passes.
 */
export interface Provider {
  readonly name: ProviderName;
  /** Where its requests go; absent: they go nowhere, so it is never down. */
  readonly upstream?: string;
  /**
   * Asks, over the connections of its calls, whether anything answers there. Any answer but a server's error will do, so that
   * no key is needed.
   * @throws {ProviderError} when it does not
   */
  readonly probe?: (signal: AbortSignal) => Promise<void>;
  /** Present where the provider can keep a conversation's state itself. */
  readonly threads?: Threads;
  /**
   * Streams one reply: deltas and signs of progress, then one `finish`, last. Text is passed on as it came; the caller
   * cleans it.
   * Aborting `signal` ends the upstream call at once and rejects with the signal's reason.
   * @throws {ProviderError} for everything that went wrong upstream; it never retries by itself
   */
  stream(request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent>;
}

export interface ProviderRequest {
  assistant: Assistant;
  /** The conversation so far, oldest first; the last is the visitor's message to answer. */
  prompt: readonly PromptMessage[];
  /** Names the conversation to the provider, for its caches and abuse reports: opaque, the same for all its turns. */
  conversationTag: string;
  /** A thread that holds all of the prompt but its last message; only where the provider has `threads`. */
  threadId?: string;
  /** Is told what the call comes to while its answer arrives. */
  meter?: CallMeter;
}

/** A provider's own state of conversations, each under an id. All of it throws `ProviderError`, as `stream` does. */
export interface Threads {
  /** Whether this provider answers in threads only. */
  readonly required: boolean;
  /** Makes an empty one: nothing is in it before its id is stored, so that whatever dies, it can be deleted. */
  create(signal: AbortSignal): Promise<string>;
  /** Puts the turns so far into one that was just made. */
  fill(threadId: string, turns: readonly PromptMessage[], signal: AbortSignal): Promise<void>;
  /** Deletes a thread and all that is in it; one that is gone already is deleted. */
  delete(threadId: string, signal: AbortSignal): Promise<void>;
}

export interface PromptMessage {
  role: "user" | "assistant";
  text: string;
}

export type ProviderEvent =
  | { type: "delta"; text: string }
  | { type: "progress"; sign: SignOfLife }
  | {
      type: "finish";
      finishReason: Exclude<FinishReason, "cancelled">;
      /** The model that answered, as the provider names it. */
      model: string;
      usage?: TokenUsage;
    };

/**
 * What an upstream sends while there is nothing to read yet. `work`: thoughts, tools, text that visitors are not shown;
 * `alive`: keep-alives that are events, and heads of parts, after which a model may think unseen for long. The head of an
 * answer is neither, nor are comments.
 */
export type SignOfLife = "work" | "alive";

export interface TokenUsage {
  /** All of the prompt, cached or not. */
  inputTokens: number;
  /** Of these, read from the provider's cache. */
  cachedInputTokens?: number;
  /** Of these, written to the provider's cache. */
  cacheWriteTokens?: number;
  outputTokens: number;
  /** What the provider itself charges for the call, in USD, where it says so. */
  costUsd?: number;
}

/** Notes what a call comes to while its answer arrives, so that something is known of one that is cut. */
export interface CallMeter {
  /** A part of the answer has arrived: the upstream has read the prompt. */
  begun: boolean;
  /** The answer was read to its end: no other count follows. */
  whole: boolean;
  /** The newest count that the upstream has sent. */
  usage: TokenUsage | undefined;
  /** Text of the output, also such as the visitor is not shown. */
  generated(text: string): void;
  /** Output whose text is not known, such as hidden thinking. */
  generatedUnseen(): void;
}

/**
 * `unreachable`: no connection, or it broke; `overloaded`: 429, 5xx; `rejected`: our request or key is at fault, and
 * would be again; `malformed`: an answer that is not what its API promises, an end without a finish included.
 */
export type ProviderErrorCode = "unreachable" | "overloaded" | "rejected" | "malformed" | "timeout";

interface ProviderErrorDetails {
  status?: number;
  retryAfterMs?: number;
  unsent?: boolean;
  atWork?: boolean;
  refusedKey?: boolean;
  cause?: unknown;
}

export class ProviderError extends Error {
  override name = "ProviderError";
  readonly code: ProviderErrorCode;
  /** The upstream's HTTP status, where there was one. */
  readonly status: number | undefined;
  /** What `Retry-After` asked for. */
  readonly retryAfterMs: number | undefined;
  /** There was no connection: the upstream never saw the request. */
  readonly unsent: boolean;
  /** The upstream was seen to be at work when we gave up: it is not down. */
  readonly atWork: boolean;
  /** The upstream refuses the key, whatever its status. */
  readonly refusedKey: boolean;

  /** @param message for the log: never a key, never the visitor's text */
  constructor(
    code: ProviderErrorCode,
    message: string,
    {
      status,
      retryAfterMs,
      unsent = false,
      atWork = false,
      refusedKey = status === 401 || status === 403,
      cause,
    }: ProviderErrorDetails = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.unsent = unsent;
    this.atWork = atWork;
    this.refusedKey = refusedKey;
  }

  get retryable(): boolean {
    return this.code !== "rejected";
  }
}
