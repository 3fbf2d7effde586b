import type { IncomingMessage } from "node:http";
import { ConfigError, type Config } from "../../../../shared/config/config.ts";
import { type ProxyEnvironment, proxyOf } from "../../../../shared/config/proxy-environment.ts";
import { ProviderError, type Provider, type ProviderEvent, type ProviderRequest } from "../provider.ts";
import { defaultTimeouts, withTimeouts, type Timeouts } from "../timeouts.ts";
import { checkApiKey } from "../upstream/http/api-key.ts";
import { createUpstreamConnections } from "../../../../shared/upstream/connections.ts";
import { createProbe } from "../upstream/http/probe.ts";
import { readErrorBody } from "../upstream/http/error-body.ts";
import { fromConnection } from "../upstream/errors/errors.ts";
import { readEvents } from "../upstream/read-events.ts";
import { type Body, readReply } from "../upstream/read-reply.ts";
import { Reply } from "../upstream/reply.ts";
import { ServerHabits } from "../upstream/shown/server-habits.ts";
import { Dialects, learn, faultIn, faultInEvents, write } from "./dialect.ts";
import { createFromEvent } from "./from-event.ts";
import { createPostEndpoint, type PostEndpoint } from "./post.ts";
import { type ErrorAnswer, fromAnswer } from "./to-error.ts";
import { type ChatCompletionRequest, completionsUrl, toRequest } from "./to-request.ts";

interface CompatibleOptions {
  /** Base URL like `http://host:11434/v1`, with or without a slash at the end. */
  baseUrl: string;
  apiKey?: string | undefined;
  /** Default model, for assistants that do not name this provider and a model. */
  model: string;
  timeouts?: Timeouts;
  proxy?: ProxyEnvironment | undefined;
}

/** @throws {ConfigError} when no server is configured, or its key is not a valid header value */
export function compatibleFromConfig(config: Config): Provider {
  const { COMPATIBLE_BASE_URL: baseUrl, COMPATIBLE_API_KEY: apiKey, COMPATIBLE_MODEL: model } = config;
  if (baseUrl === undefined) throw new ConfigError("COMPATIBLE_BASE_URL is not set");
  if (apiKey !== undefined) checkApiKey("COMPATIBLE_API_KEY", apiKey);
  return createCompatibleProvider({ baseUrl, apiKey, model, proxy: proxyOf(config) });
}

/**
 * Creates a provider for any server with OpenAI's chat-completions API: vLLM, llama.cpp, Ollama, OpenRouter, and many
 * hosted ones.
 */
export function createCompatibleProvider(options: CompatibleOptions): Provider {
  const { baseUrl, apiKey, model, timeouts = defaultTimeouts, proxy } = options;
  const connections = createUpstreamConnections({ connectMs: timeouts.connectMs, proxy });
  const endpoint = createPostEndpoint(connections, { url: completionsUrl(baseUrl), apiKey });
  const habits = new ServerHabits({ namesTell: true });
  const dialects = new Dialects();
  return {
    name: "compatible",
    upstream: baseUrl,
    probe: createProbe(connections, baseUrl),
    stream: (request, signal) =>
      withTimeouts((limited) => streamReply({ endpoint, apiKey, model, habits, dialects, request, signal: limited }), {
        signal,
        firstTextMs: request.assistant.firstTextMs,
        ...timeouts,
      }),
  };
}

interface Call {
  endpoint: PostEndpoint;
  apiKey: string | undefined;
  model: string;
  habits: ServerHabits;
  dialects: Dialects;
  request: ProviderRequest;
  signal: AbortSignal;
}

async function* streamReply(call: Call): AsyncGenerator<ProviderEvent, void, undefined> {
  const body = toRequest(call.request, call.model);
  const { toPart, rest } = createFromEvent(call.apiKey);
  const reply = new Reply(body.model, toPart, {
    habits: call.habits.of(body.model),
    request: call.request,
    rest,
  });
  yield* readReply(openBody(call, body), { reply, toError });
}

function toError(error: unknown): ProviderError {
  return error instanceof ProviderError ? error : fromConnection(error);
}

/**
 * Retries without a field that the server refuses and does not need. The refusing server has not begun to answer, and
 * charges nothing.
 */
async function openBody({ endpoint, apiKey, dialects, signal }: Call, body: ChatCompletionRequest): Promise<Body> {
  const dialect = dialects.of(body.model);
  for (let tries = 0; ; tries++) {
    const sent = write(body, dialect);
    const response = await endpoint.post(JSON.stringify(sent), signal);
    const mayLearn = tries < maxLessons;
    if (response.statusCode !== 200) {
      const answer = await readAnswer(response);
      if (mayLearn && learn(dialect, faultIn(answer), sent)) continue;
      throw fromAnswer(answer, apiKey);
    }
    const { first, events } = await begin(response);
    if (!mayLearn || !learn(dialect, faultInEvents(first), sent)) {
      return { events: resume(first, events), close: () => response.destroy() };
    }
    response.destroy();
  }
}

interface Begun {
  /** Events that arrived first, in one chunk. */
  first: string[];
  events: AsyncGenerator<string[], void, undefined>;
}

/** Reads the first events: a gateway that answers 200 to everything sends a refusal in one of them. */
async function begin(response: IncomingMessage): Promise<Begun> {
  if (response.headers["content-type"]?.startsWith("text/html")) {
    response.destroy();
    throw new ProviderError("malformed", "the response is a web page: check COMPATIBLE_BASE_URL");
  }
  const events = readEvents(response);
  try {
    const { value } = await events.next();
    return { first: value ?? [], events };
  } catch (error) {
    response.destroy();
    throw error;
  }
}

async function* resume(first: string[], events: Begun["events"]): AsyncGenerator<string[], void, undefined> {
  yield first;
  yield* events;
}

/** Maximum number of fields that can be refused, one after the other. */
const maxLessons = 5;

async function readAnswer(response: IncomingMessage): Promise<ErrorAnswer> {
  const { statusCode: status = 0, headers } = response;
  return { status, retryAfter: headers["retry-after"], body: await readErrorBody(response) };
}
