import Anthropic from "@anthropic-ai/sdk";
import { ConfigError, type Config } from "../../../../shared/config.ts";
import { ProviderError, type Provider, type ProviderEvent, type ProviderRequest } from "../provider.ts";
import { defaultTimeouts, withTimeouts, type Timeouts } from "../timeouts.ts";
import { checkApiKey } from "../upstream/api-key.ts";
import { readEvents } from "../upstream/read-events.ts";
import { createSdkFetch } from "../upstream/sdk-fetch.ts";
import { Tail } from "../upstream/tail.ts";
import { Reply } from "./reply.ts";
import { toError } from "./to-error.ts";
import { toBaseUrl, toRequest } from "./to-request.ts";

interface AnthropicOptions {
  /** Like `https://api.anthropic.com`, with or without `/v1` at the end. */
  baseUrl: string;
  apiKey: string;
  /** For assistants that do not name this provider and a model. */
  model: string;
  timeouts?: Timeouts;
}

/** @throws {ConfigError} when there is no key, or it cannot be one */
export function anthropicFromConfig(config: Config): Provider {
  const { ANTHROPIC_API_KEY, CLAUDE_API_KEY, ANTHROPIC_BASE_URL: baseUrl, ANTHROPIC_MODEL: model } = config;
  const setting = ANTHROPIC_API_KEY === undefined ? "CLAUDE_API_KEY" : "ANTHROPIC_API_KEY";
  const apiKey = ANTHROPIC_API_KEY ?? CLAUDE_API_KEY;
  if (apiKey === undefined) throw new ConfigError("ANTHROPIC_API_KEY is not set");
  return createAnthropicProvider({ baseUrl, apiKey: checkApiKey(setting, apiKey), model });
}

/** Anthropic's Messages API. */
export function createAnthropicProvider(options: AnthropicOptions): Provider {
  const { baseUrl, apiKey, model, timeouts = defaultTimeouts } = options;
  const client = new Anthropic({
    baseURL: toBaseUrl(baseUrl),
    apiKey,
    fetch: createSdkFetch(timeouts),
    maxRetries: 0,
    // It would print the visitor's conversation, not into our log.
    logLevel: "off",
    openTelemetry: false,
  });
  return {
    name: "anthropic",
    upstream: baseUrl,
    stream: (request, signal) =>
      withTimeouts((limited) => streamReply({ client, apiKey, model, request, signal: limited }), {
        signal,
        ...timeouts,
      }),
  };
}

interface Call {
  client: Anthropic;
  apiKey: string;
  model: string;
  request: ProviderRequest;
  signal: AbortSignal;
}

/**
 * A reply with a stop reason is whole. What follows is its end mark and the end of the body, which the connection needs
 * to be used again; they are waited for only this long.
 */
const tailMs = 100;

async function* streamReply(call: Call): AsyncGenerator<ProviderEvent, void, undefined> {
  const { client, apiKey, signal } = call;
  const body = toRequest(call.request, call.model);
  const reader = await openStream(client, body, signal).catch((error: unknown) => {
    throw toError(error, apiKey);
  });
  const reply = new Reply(body.model, apiKey);
  const tail = new Tail(() => void reader.cancel());
  try {
    for await (const events of readEvents(chunksOf(reader))) {
      const { text, fault } = reply.add(events);
      if (text !== "") yield { type: "delta", text };
      if (fault !== undefined) throw fault;
      if (reply.whole) tail.endWithin(tailMs);
    }
  } catch (error) {
    if (!reply.whole) throw toError(error, apiKey);
  } finally {
    tail.clear();
    // Ends the connection where something is left of the answer; where it was read to its end, it is kept.
    await reader.cancel().catch(() => {});
  }
  yield reply.finish();
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/**
 * The events are read by us: the SDK's own reader lets an event grow without end, passes over events without a name,
 * and prints those that it cannot parse.
 */
async function openStream(
  client: Anthropic,
  body: Anthropic.MessageCreateParamsStreaming,
  signal: AbortSignal,
): Promise<Reader> {
  const response = await client.messages.create(body, { signal }).asResponse();
  const type = response.headers.get("content-type") ?? "";
  if (response.body !== null && !type.startsWith("text/html")) return response.body.getReader();
  await response.body?.cancel();
  throw new ProviderError("malformed", "the answer is no stream of events: check ANTHROPIC_BASE_URL");
}

async function* chunksOf(reader: Reader): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
