import { validateHeaderValue, type IncomingMessage } from "node:http";
import { ConfigError, type Config } from "../../../../shared/config.ts";
import { ProviderError, type Provider, type ProviderEvent, type ProviderRequest } from "../provider.ts";
import { defaultTimeouts, withTimeouts, type Timeouts } from "../timeouts.ts";
import { createEndpoint, type Endpoint } from "./post.ts";
import { readEvents, readWhole } from "./read-events.ts";
import { Reply } from "./reply.ts";
import { fromAnswer, fromConnection } from "./to-error.ts";
import { completionsUrl, toRequest } from "./to-request.ts";

interface CompatibleOptions {
  /** Like `http://host:11434/v1`, with or without a slash at the end. */
  baseUrl: string;
  apiKey?: string | undefined;
  /** For assistants that do not name this provider and a model. */
  model: string;
  timeouts?: Timeouts;
}

/** @throws {ConfigError} when no server is configured, or its key cannot be one */
export function compatibleFromConfig(config: Config): Provider {
  const { COMPATIBLE_BASE_URL: baseUrl, COMPATIBLE_API_KEY: apiKey, COMPATIBLE_MODEL: model } = config;
  if (baseUrl === undefined) throw new ConfigError("COMPATIBLE_BASE_URL is not set");
  if (apiKey !== undefined && !fitsHeader(apiKey)) {
    throw new ConfigError("COMPATIBLE_API_KEY: expected characters that an HTTP header can hold, without line ends");
  }
  return createCompatibleProvider({ baseUrl, apiKey, model });
}

function fitsHeader(value: string): boolean {
  try {
    validateHeaderValue("authorization", value);
    return true;
  } catch {
    return false;
  }
}

/** Any server with OpenAI's chat-completions API: vLLM, llama.cpp, Ollama, OpenRouter, and many hosted ones. */
export function createCompatibleProvider(options: CompatibleOptions): Provider {
  const { baseUrl, apiKey, model, timeouts = defaultTimeouts } = options;
  const endpoint = createEndpoint({ url: completionsUrl(baseUrl), apiKey, connectMs: timeouts.connectMs });
  return {
    name: "compatible",
    stream: (request, signal) =>
      withTimeouts((limited) => streamReply({ endpoint, apiKey, model, request, signal: limited }), {
        signal,
        ...timeouts,
      }),
  };
}

interface Call {
  endpoint: Endpoint;
  apiKey: string | undefined;
  model: string;
  request: ProviderRequest;
  signal: AbortSignal;
}

/**
 * A reply with a finish reason is whole: what follows is usage at best, and is waited for only this long, in
 * milliseconds. After `[DONE]` only the end of the body follows, which the connection needs to be used again.
 */
const tailMs = { whole: 1_000, done: 100 };

async function* streamReply(call: Call): AsyncGenerator<ProviderEvent, void, undefined> {
  const body = toRequest(call.request, call.model);
  const response = await call.endpoint.post(JSON.stringify(body), call.signal).catch((error: unknown) => {
    throw fromConnection(error);
  });
  if (response.statusCode !== 200) throw await readError(response, call.apiKey);

  const reply = new Reply(body.model, call.apiKey);
  const tail = new Tail(() => response.destroy());
  try {
    for await (const events of eventsOf(response)) {
      const { text, fault } = reply.add(events);
      if (text !== "") yield { type: "delta", text };
      if (fault !== undefined) throw fault;
      if (reply.whole) tail.endWithin(reply.done ? tailMs.done : tailMs.whole);
    }
  } catch (error) {
    if (!reply.whole) throw error instanceof ProviderError ? error : fromConnection(error);
  } finally {
    tail.clear();
    // Ends the connection where something is left of the answer; where it was read to its end, it is kept.
    response.destroy();
  }
  yield reply.finish();
}

/** Ends what follows a whole reply; a later, longer limit does not put off an earlier one. */
class Tail {
  readonly #end: () => void;
  #ms = Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(end: () => void) {
    this.#end = end;
  }

  endWithin(ms: number): void {
    if (ms >= this.#ms) return;
    this.clear();
    this.#ms = ms;
    this.#timer = setTimeout(this.#end, ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** Some servers do not stream, whatever they are asked: then the whole completion is the only event. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<string[], void, undefined> {
  const type = response.headers["content-type"] ?? "";
  if (type.startsWith("text/html"))
    throw new ProviderError("malformed", "the answer is a web page: check COMPATIBLE_BASE_URL");
  if (type.startsWith("application/json")) yield [await readWhole(response)];
  else yield* readEvents(response);
}

/** Enough for every API's error object, and no more: a body can be endless, and slow. */
const errorBody = { maxBytes: 4096, maxMs: 1_000 };

async function readError(response: IncomingMessage, apiKey: string | undefined): Promise<ProviderError> {
  const timer = setTimeout(() => response.destroy(), errorBody.maxMs);
  let body = Buffer.alloc(0);
  try {
    for await (const bytes of response) {
      body = Buffer.concat([body, bytes]);
      if (body.length >= errorBody.maxBytes) break;
    }
  } catch {
    // A body that breaks off changes nothing: its status is the error.
  } finally {
    clearTimeout(timer);
  }
  const { statusCode: status = 0, headers } = response;
  return fromAnswer(
    { status, retryAfter: headers["retry-after"], body: body.toString("utf8", 0, errorBody.maxBytes) },
    apiKey,
  );
}
