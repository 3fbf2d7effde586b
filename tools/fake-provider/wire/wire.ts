import type { FakeThreads } from "../fake-threads.ts";

/**
 * How the fake provider says things: one wire for each API it speaks. What it says, and when, is the script's.
 */
export interface Wire {
  /** The path of calls that ask for a reply. */
  readonly path: RegExp;
  read(body: unknown, path: string): WireRequest;
  /** Prepares the answer to one call: frames are made for each delta, so what can be is made once. */
  answer(call: WireCall): WireAnswer;
  /** The body of an answer with an error status, as this API words it. */
  error(status: number, message: string): string;
  /** Where this API keeps conversations. */
  readonly threads?: ThreadWire;
}

/** The calls of an API about the threads that it keeps. */
export interface ThreadWire {
  readonly path: RegExp;
  /** When the question of a reply becomes a part of its thread. */
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
  /** What the call itself says; the instructions are a first message with the role `system`. */
  messages: WireMessage[];
  /** The thread that the reply is to belong to. */
  threadId?: string;
}

export interface WireMessage {
  role: string;
  text: string;
}

export interface WireCall {
  id: string;
  model: string;
  /** Whether the reply will end as a refusal: some APIs say so from the first delta on. */
  refuses: boolean;
  /** What is counted before the first delta, which some APIs send along; `null`: nothing. */
  promptUsage: Omit<FakeUsage, "outputTokens"> | null;
}

export interface WireEnd {
  finishReason: string | null;
  usage: FakeUsage | null;
  /** Whether the API's own end mark is sent. */
  done: boolean;
}

/** Each API counts what was cached in its own way; here `inputTokens` are all of the prompt, as in our own usage. */
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
  end(end: WireEnd): string;
  /** The whole answer as one JSON body. */
  whole(text: string, end: WireEnd): string;
}
