import type { IncomingMessage } from "node:http";
import { ConfigError, type Config } from "../../../../shared/config.ts";
import { type ProxyEnvironment, proxyOf } from "../../../../shared/proxy-environment.ts";
import { ProviderError, type Provider, type ProviderEvent, type ProviderRequest } from "../provider.ts";
import { defaultTimeouts, withTimeouts, type Timeouts } from "../timeouts.ts";
import { checkApiKey } from "../upstream/api-key.ts";
import { createConnections } from "../upstream/connections.ts";
import { createProbe } from "../upstream/probe.ts";
import { readErrorBody } from "../upstream/error-body.ts";
import { fromConnection } from "../upstream/errors.ts";
import { readEvents, readWhole } from "../upstream/read-events.ts";
import { type Body, readReply } from "../upstream/read-reply.ts";
import { Reply } from "../upstream/reply.ts";
import { ServerHabits } from "../upstream/server-habits.ts";
import { Dialects, learn, write } from "./dialect.ts";
import { createFromEvent } from "./from-event.ts";
import { createEndpoint, type Endpoint } from "./post.ts";
import { type ErrorAnswer, fromAnswer } from "./to-error.ts";
import { type ChatCompletionRequest, completionsUrl, toRequest } from "./to-request.ts";

interface CompatibleOptions {
  /** Like `http://host:11434/v1`, with or without a slash at the end. */
  baseUrl: string;
  apiKey?: string | undefined;
  /** For assistants that do not name this provider and a model. */
  model: string;
  timeouts?: Timeouts;
  proxy?: ProxyEnvironment | undefined;
}

/** @throws {ConfigError} when no server is configured, or its key cannot be one */
export function compatibleFromConfig(config: Config): Provider {
  const { COMPATIBLE_BASE_URL: baseUrl, COMPATIBLE_API_KEY: apiKey, COMPATIBLE_MODEL: model } = config;
  if (baseUrl === undefined) throw new ConfigError("COMPATIBLE_BASE_URL is not set");
  if (apiKey !== undefined) checkApiKey("COMPATIBLE_API_KEY", apiKey);
  return createCompatibleProvider({ baseUrl, apiKey, model, proxy: proxyOf(config) });
}

/** Any server with OpenAI's chat-completions API: vLLM, llama.cpp, Ollama, OpenRouter, and many hosted ones. */
export function createCompatibleProvider(options: CompatibleOptions): Provider {
  const { baseUrl, apiKey, model, timeouts = defaultTimeouts, proxy } = options;
  const connections = createConnections({ connectMs: timeouts.connectMs, proxy });
  const endpoint = createEndpoint(connections, { url: completionsUrl(baseUrl), apiKey });
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
  endpoint: Endpoint;
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

async function openBody(call: Call, body: ChatCompletionRequest): Promise<Body> {
  const response = await ask(call, body);
  return { events: eventsOf(response), close: () => response.destroy() };
}

/** Some servers do not stream, whatever they are asked: then the whole completion is the only event. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<string[], void, undefined> {
  const type = response.headers["content-type"] ?? "";
  if (type.startsWith("text/html"))
    throw new ProviderError("malformed", "the answer is a web page: check COMPATIBLE_BASE_URL");
  if (type.startsWith("application/json")) yield [await readWhole(response)];
  else yield* readEvents(response);
}

/** Asks again where the server refuses a field that it can do without: it has not begun to answer, and charges nothing. */
async function ask(
  { endpoint, apiKey, dialects, signal }: Call,
  body: ChatCompletionRequest,
): Promise<IncomingMessage> {
  const dialect = dialects.of(body.model);
  for (let tries = 0; ; tries++) {
    const sent = write(body, dialect);
    const response = await endpoint.post(JSON.stringify(sent), signal);
    if (response.statusCode === 200) return response;
    const answer = await readAnswer(response);
    if (tries === maxLessons || !learn(dialect, answer, sent)) throw fromAnswer(answer, apiKey);
  }
}

/** As many fields can be refused, one after the other. */
const maxLessons = 5;

async function readAnswer(response: IncomingMessage): Promise<ErrorAnswer> {
  const { statusCode: status = 0, headers } = response;
  return { status, retryAfter: headers["retry-after"], body: await readErrorBody(response) };
}
