import type { ServerResponse } from "node:http";
import type { FakeUsage, WireAnswer } from "./wire/wire.ts";

/** What the fake provider does with one call. Without faults it streams the deltas and ends as its API promises. */
export interface Script {
  /** What is sent, and when. Steps that need no waiting go out in one write. */
  steps?: Iterable<Step>;
  /** `null`: none is sent. */
  finishReason?: string | null;
  /** By default 10 tokens in, and one out for each delta; `null`: none is sent. */
  usage?: FakeUsage | null;
  /** Whether the API's end mark (`[DONE]`) is sent. */
  done?: boolean;
  /** Whether the answer ends after the last step; `false`: it stays open until the client goes. */
  end?: boolean;
  /** One JSON body, although a stream was asked for. */
  whole?: boolean;
  /** The model named in the answer, by default the one asked for. */
  model?: string;

  /** Comes before the head of the answer. */
  before?: Wait | Cut;
  status?: number;
  headers?: Record<string, string>;
  /** Sent as it is, instead of any steps. */
  body?: string;

  /** Byte positions in the stream where one write ends and the next begins, each seen by the client on its own. */
  splitAt?: readonly number[] | "every-byte";
  /** Whether everything beyond ASCII is sent as JSON escapes. */
  escapes?: boolean;
  /** Line ends of the events. */
  lineEnd?: "\n" | "\r\n" | "\r";
}

/** A delta, bytes that are sent as they are, or something that happens in between. */
export type Step = string | { raw: string | Uint8Array } | Wait | Cut;
type Wait = { waitMs: number } | { until: Promise<unknown> } | { stall: true };
type Cut = { cut: true };

export const usualPrompt = { inputTokens: 10 };

interface FakeAnswerOptions {
  script: Script;
  wire: WireAnswer;
  streams: boolean;
}

const cutByScript = new WeakSet<ServerResponse>();

/** One answer of the fake provider, while it is given. */
export class FakeAnswer {
  readonly #response: ServerResponse;
  readonly #script: Script;
  readonly #wire: WireAnswer;
  readonly #streams: boolean;
  /** Not yet written. */
  #text = "";
  /** Deltas so far, as one text. */
  #reply = "";
  #deltas = 0;
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

  /** @returns the reply, when it was given whole */
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
    if ("raw" in step) {
      await this.#flush();
      await this.#write(step.raw);
    } else if ("cut" in step) {
      await this.#flush();
      // The client must have read what came before: a reset may overtake it.
      await turn();
      cutByScript.add(this.#response);
      this.#response.destroy();
    } else {
      await this.#flush();
      await this.#wait(step);
    }
  }

  async #finish(): Promise<void> {
    const { finishReason = "stop", usage = { ...usualPrompt, outputTokens: this.#deltas }, done = true } = this.#script;
    const end = { finishReason, usage, done };
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

  /** Ends early when the client goes. */
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

/** Of one UTF-16 unit. */
function toEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Lets a client in this process, too, read what was written. */
async function turn(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}
