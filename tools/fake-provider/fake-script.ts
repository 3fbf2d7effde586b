import type { ServerResponse } from "node:http";
import type { FakeToolCall, FakeUsage, WireAnswer } from "./wire/wire.ts";

/** Behaviour of the fake provider for one call. Without faults it streams the deltas and ends as its API promises. */
export interface Script {
  /** Steps of the answer. Steps without a wait are sent in one write. */
  steps?: Iterable<Step>;
  /** `null`: not sent. */
  finishReason?: string | null;
  /** Defaults to 10 tokens in, and one out for each delta; `null`: not sent. */
  usage?: FakeUsage | null;
  /** True if the API's end mark (`[DONE]`) is sent. */
  done?: boolean;
  /** True if the answer ends after the last step; `false`: it stays open until the client disconnects. */
  end?: boolean;
  /** Sends one JSON body, although a stream was asked for. */
  whole?: boolean;
  /** Model named in the answer; defaults to the requested one. */
  model?: string;

  /** Wait or cut before the head of the answer. */
  before?: Wait | Cut;
  status?: number;
  headers?: Record<string, string>;
  /** Raw body, sent instead of any steps. */
  body?: string;

  /** Byte positions in the stream at which a new write begins; the client receives each write separately. */
  splitAt?: readonly number[] | "every-byte";
  /** True if all characters beyond ASCII are sent as JSON escapes. */
  escapes?: boolean;
  /** Line ends of the events. */
  lineEnd?: "\n" | "\r\n" | "\r";
}

/** A delta, a call of a tool, raw bytes, or an event in between. */
export type Step = string | { call: FakeToolCall } | { raw: string | Uint8Array } | Wait | Cut;
type Wait = { waitMs: number } | { until: Promise<unknown> } | { stall: true };
type Cut = { cut: true };

export const usualPrompt = { inputTokens: 10 };

interface FakeAnswerOptions {
  script: Script;
  wire: WireAnswer;
  streams: boolean;
}

const cutByScript = new WeakSet<ServerResponse>();

/** One answer of the fake provider in progress. */
export class FakeAnswer {
  readonly #response: ServerResponse;
  readonly #script: Script;
  readonly #wire: WireAnswer;
  readonly #streams: boolean;
  /** Text not yet written. */
  #text = "";
  /** Deltas so far, as one text. */
  #reply = "";
  #deltas = 0;
  readonly #calls: FakeToolCall[] = [];
  #offset = 0;
  #wake: (() => void) | undefined;

  constructor(response: ServerResponse, { script, wire, streams }: FakeAnswerOptions) {
    this.#response = response;
    this.#script = script;
    this.#wire = wire;
    this.#streams = streams;
    response.once("close", () => this.#wake?.());
  }

  static wasCut(response: ServerResponse): boolean {
    return cutByScript.has(response);
  }

  /** @returns the reply if it was sent completely */
  async play(): Promise<string | undefined> {
    const { before, body, steps = [], end = true, status = 200, headers, finishReason } = this.#script;
    if (before) await this.#do(before);
    if (this.#response.destroyed) return undefined;
    const type = this.#streams && body === undefined ? "text/event-stream" : "application/json";
    this.#response.writeHead(status, { "content-type": type, "cache-control": "no-cache", ...headers });
    if (body !== undefined) {
      this.#response.end(body);
      return undefined;
    }

    if (this.#streams) this.#text += this.#wire.start();
    for (const step of steps) {
      if (typeof step === "string") this.#say(step);
      else await this.#do(step);
      if (this.#response.destroyed) return undefined;
    }
    await this.#finish();
    if (end) this.#response.end();
    return finishReason === null || finishReason === "error" ? undefined : this.#reply;
  }

  #say(delta: string): void {
    this.#deltas++;
    this.#reply += delta;
    if (this.#streams) this.#text += this.#wire.delta(delta);
  }

  async #do(step: Exclude<Step, string>): Promise<void> {
    if ("call" in step) {
      this.#deltas++;
      this.#calls.push(step.call);
      if (this.#streams) this.#text += this.#wire.call?.(step.call) ?? "";
    } else if ("raw" in step) {
      await this.#flush();
      await this.#write(step.raw);
    } else if ("cut" in step) {
      await this.#flush();
      // The client must read the earlier bytes first: a reset may overtake them.
      await turn();
      cutByScript.add(this.#response);
      this.#response.destroy();
    } else {
      await this.#flush();
      await this.#wait(step);
    }
  }

  async #finish(): Promise<void> {
    const usual = this.#calls.length > 0 ? "tool_calls" : "stop";
    const { finishReason = usual, usage = { ...usualPrompt, outputTokens: this.#deltas }, done = true } = this.#script;
    const end = { finishReason, usage, done, calls: this.#calls };
    this.#text += this.#streams ? this.#wire.end(end) : this.#wire.whole(this.#reply, end);
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const { lineEnd = "\n", escapes = false } = this.#script;
    const told = escapes ? this.#text.replace(/[^\0-\x7F]/g, toEscape) : this.#text;
    const text = lineEnd === "\n" ? told : told.replaceAll("\n", lineEnd);
    this.#text = "";
    if (text !== "") await this.#write(text);
  }

  async #write(data: string | Uint8Array): Promise<void> {
    const { splitAt } = this.#script;
    if (splitAt === undefined) return void this.#response.write(data);
    const bytes = Buffer.from(data);
    const ends = splitAt === "every-byte" ? bytes.keys() : splitAt.map((position) => position - this.#offset);
    this.#offset += bytes.length;
    let from = 0;
    for (const to of [...ends, bytes.length]) {
      if (to <= from || to > bytes.length) continue;
      this.#response.write(bytes.subarray(from, to));
      from = to;
      await turn();
    }
  }

  /** Ends early if the client disconnects. */
  async #wait(wait: Wait): Promise<void> {
    if (this.#response.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = "waitMs" in wait ? setTimeout(resolve, wait.waitMs) : undefined;
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if ("until" in wait)
        wait.until.then(
          () => resolve(),
          () => resolve(),
        );
    });
  }
}

/** Escapes one UTF-16 unit. */
function toEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Yields to the event loop, so that a client in this process can read the bytes written. */
async function turn(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}
