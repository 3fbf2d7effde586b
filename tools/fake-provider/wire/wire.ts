import type { FakeThreads } from "../fake-threads.ts";

/** Wire format of the fake provider: one for each API it speaks. Content and timing belong to the script. */
export interface Wire {
  /** Path of calls for a reply. */
  readonly path: RegExp;
  read(body: unknown, path: string): WireRequest;
  /** Prepares the answer to one call. Frames are made for each delta, so constant parts are made once. */
  answer(call: WireCall): WireAnswer;
  /** Body of an answer with an error status, in the format of this API. */
  error(status: number, message: string): string;
  /** Thread calls, for APIs that keep conversations. */
  readonly threads?: ThreadWire;
}

/** Calls of an API about the threads that it keeps. */
export interface ThreadWire {
  readonly path: RegExp;
  /** Time at which the question of a reply is added to its thread. */
  readonly addsQuestion: "at once" | "with the reply";
  answer(call: ThreadCall, threads: FakeThreads): ThreadAnswer;
}

export interface ThreadCall {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
}

export interface ThreadAnswer {
  status: number;
  /** Sent as JSON. */
  body: object;
}

export interface WireRequest {
  model: string;
  streams: boolean;
  /** Messages of the call itself; the instructions are a first message with the role `system`. */
  messages: WireMessage[];
  /** Thread of the reply. */
  threadId?: string;
}

export interface WireMessage {
  role: string;
  text: string;
}

export interface WireCall {
  id: string;
  model: string;
  /** True if the reply will end as a refusal: some APIs say so from the first delta on. */
  refuses: boolean;
  /** Usage counted before the first delta, which some APIs send along; `null`: not sent. */
  promptUsage: Omit<FakeUsage, "outputTokens"> | null;
}

export interface WireEnd {
  finishReason: string | null;
  usage: FakeUsage | null;
  /** True if the API's own end mark is sent. */
  done: boolean;
  /** Calls of tools that the answer made, in their order. */
  calls: readonly FakeToolCall[];
}

/** Call of a tool; the arguments are sent as they are, JSON or not. */
export interface FakeToolCall {
  name: string;
  arguments: string;
}

/**
 * Token counts. Each API counts cached tokens differently; here `inputTokens` is the whole prompt, as in the product's
 * usage.
 */
export interface FakeUsage {
  inputTokens: number;
  cachedInputTokens?: number;
  cacheWriteTokens?: number;
  outputTokens: number;
}

/** Pieces of a body, ready to be written. */
export interface WireAnswer {
  start(): string;
  delta(text: string): string;
  /** Absent where the product offers no tools. */
  call?(call: FakeToolCall): string;
  end(end: WireEnd): string;
  /** Whole answer as one JSON body. */
  whole(text: string, end: WireEnd): string;
}
