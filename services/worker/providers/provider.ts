import type { Assistant } from "../../../shared/assistants/assistants.ts";
import type { FinishReason } from "../../../shared/protocol/job.ts";
import type { ProviderName } from "../../../shared/assistants/provider-catalog.ts";
import type { KeptThoughts, Tool, ToolCall, ToolTurn } from "./tools/tool.ts";

/**
 * Source of replies. A provider is a few pure mappers (to its request, from its events, to our errors) around one call.
 * `provider.testsuite.ts` is the contract that each provider passes.
 */
export interface Provider {
  readonly name: ProviderName;
  /** Base URL of its requests; absent if it makes none, so that it is never down. */
  readonly upstream?: string;
  /**
   * Checks, over the connections of its calls, whether the upstream answers. Any answer except a server error (5xx)
   * counts as up, so no key is needed.
   * @throws {ProviderError} when the upstream is down
   */
  readonly probe?: (signal: AbortSignal) => Promise<void>;
  /** True if it speaks a site's pages: their links are filtered, although nobody is asked. */
  readonly quotesPages?: true;
  /** Present if the provider can keep a conversation's state itself. */
  readonly threads?: Threads;
  /**
   * Streams one reply: deltas and signs of progress, then one `finish`, last. Text is passed on unchanged; the caller
   * cleans it. Aborting `signal` ends the upstream call at once and rejects with the signal's reason.
   * @throws {ProviderError} on any upstream error; the provider itself never retries
   */
  stream(request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent>;
}

export interface ProviderRequest {
  assistant: Assistant;
  /** Conversation so far, oldest first; the last message is the visitor's message to answer. */
  prompt: readonly PromptMessage[];
  /** Opaque name of the conversation, for the provider's caches and abuse reports; the same in all its turns. */
  conversationTag: string;
  /** Language tag of the visitor's page, if it was sent; not verified. */
  locale?: string | undefined;
  /** Passages that the reply can rest on, the best first; their numbers begin at 1. Absent: the site has no knowledge. */
  passages?: readonly PromptPassage[];
  /** Tools that the model may call; absent: none. */
  tools?: readonly Tool[];
  /** Answers to this message that called tools, the oldest first, with their results. */
  turns?: readonly ToolTurn[];
  /** False: the model must answer in words; the tools are named for the turns alone. */
  mayCall?: false;
  /** Thread that holds all of the prompt except its last message; only for a provider with `threads`. */
  threadId?: string;
  /** Receives the usage of the call while its answer arrives. */
  meter?: CallMeter;
}

/** Conversation state kept by the provider, each under an id. All methods throw `ProviderError`, as `stream` does. */
export interface Threads {
  /** True if this provider answers in threads only. */
  readonly required: boolean;
  /** Creates an empty thread. Nothing is put in before its id is stored, so that it can be deleted after any crash. */
  create(signal: AbortSignal): Promise<string>;
  /** Puts the turns so far into a newly created thread. */
  fill(threadId: string, turns: readonly PromptMessage[], signal: AbortSignal): Promise<void>;
  /** Deletes a thread and all its content. A thread that no longer exists counts as deleted. */
  delete(threadId: string, signal: AbortSignal): Promise<void>;
}

export interface PromptMessage {
  role: "user" | "assistant";
  text: string;
}

/** Passage of the site's own pages, as a model sees it. */
export interface PromptPassage {
  title: string;
  /** Headings above it; may be empty. */
  heading: string;
  text: string;
}

export type ProviderEvent =
  | { type: "delta"; text: string }
  | { type: "progress"; sign: SignOfLife }
  /** Calls of the tools that the request offered; a `finish` follows. Others are named as the model named them. */
  | { type: "calls"; calls: readonly ToolCall[]; keep?: KeptThoughts }
  | {
      type: "finish";
      finishReason: Exclude<FinishReason, "cancelled" | "taken_over">;
      /** The model that answered, as named by the provider. */
      model: string;
      usage?: TokenUsage;
    };

/**
 * Sign that the upstream is alive while there is no text yet. `work`: thoughts, tools, or text that visitors are not
 * shown. `alive`: keep-alive events, and heads of parts, after which a model may think unseen for long. The head of an
 * answer is neither, and comments are neither.
 */
export type SignOfLife = "work" | "alive";

export interface TokenUsage {
  /** Tokens of the whole prompt, cached or not. */
  inputTokens: number;
  /** Part of the input tokens that was read from the provider's cache. */
  cachedInputTokens?: number;
  /** Part of the input tokens that was written to the provider's cache. */
  cacheWriteTokens?: number;
  outputTokens: number;
  /** Price of the call as charged by the provider, in USD, where it reports one. */
  costUsd?: number;
}

/** Records the usage of a call while its answer arrives, so that the usage of a cut call is partly known. */
export interface CallMeter {
  /** True once a part of the answer has arrived: the upstream has read the prompt. */
  begun: boolean;
  /** True once the answer was read to its end: no other count follows. */
  whole: boolean;
  /** Newest count sent by the upstream. */
  usage: TokenUsage | undefined;
  /** Records text of the output, including text that the visitor is not shown. */
  generated(text: string): void;
  /** Records output whose text is not known, such as hidden thinking. */
  generatedUnseen(): void;
}

/**
 * `unreachable`: no connection, or it broke. `overloaded`: 429, 5xx. `rejected`: our request or key is at fault, and
 * would be rejected again. `malformed`: an answer that breaks its API's contract, including an end without a finish.
 */
export type ProviderErrorCode = "unreachable" | "overloaded" | "rejected" | "malformed" | "timeout";

interface ProviderErrorDetails {
  status?: number;
  retryAfterMs?: number;
  unsent?: boolean;
  atWork?: boolean;
  refusedKey?: boolean;
  misusedTools?: boolean;
  cut?: boolean;
  cause?: unknown;
}

export class ProviderError extends Error {
  override name = "ProviderError";
  readonly code: ProviderErrorCode;
  /** HTTP status of the upstream, if there was one. */
  readonly status: number | undefined;
  /** Wait requested by `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** True if there was no connection, so that the upstream never received the request. */
  readonly unsent: boolean;
  /** True if the upstream was seen at work when we gave up: it is not down. */
  readonly atWork: boolean;
  /** True if the upstream refuses the key, whatever its status. */
  readonly refusedKey: boolean;
  /** True if a call of a tool came out wrong: the next try is better off without tools. */
  readonly misusedTools: boolean;
  /** True if the answer ended before its end. */
  readonly cut: boolean;

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
      misusedTools = false,
      cut = false,
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
    this.misusedTools = misusedTools;
    this.cut = cut;
  }

  get retryable(): boolean {
    return this.code !== "rejected";
  }
}
