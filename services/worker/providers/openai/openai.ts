import { ConfigError, type Config } from "../../../../shared/config/config.ts";
import { proxyOf } from "../../../../shared/config/proxy-environment.ts";
import type { Provider } from "../provider.ts";
import { defaultTimeouts, withTimeouts, type Timeouts } from "../timeouts.ts";
import { checkApiKey } from "../upstream/http/api-key.ts";
import { createUpstreamConnections } from "../../../../shared/upstream/connections.ts";
import { createProbe } from "../upstream/http/probe.ts";
import { readReply } from "../upstream/read-reply.ts";
import { Reply } from "../upstream/reply.ts";
import { ServerHabits } from "../upstream/shown/server-habits.ts";
import { openSdkBody } from "../upstream/http/sdk-body.ts";
import { createCall } from "./calls.ts";
import { type OpenAiClientOptions, createOpenAiClient } from "./client.ts";
import { createFromEvent } from "./from-event.ts";
import { createConversationThreads } from "./threads.ts";
import { toError } from "./to-error.ts";
import { toRequest } from "./to-request.ts";

interface OpenaiOptions extends OpenAiClientOptions {
  /** Default model, for assistants that do not name this provider and a model. */
  model: string;
  timeouts?: Timeouts;
}

/** @throws {ConfigError} when the key is missing or is not a valid header value */
export function openaiFromConfig(config: Config): Provider {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl, OPENAI_MODEL: model } = config;
  if (apiKey === undefined) throw new ConfigError("OPENAI_API_KEY is not set");
  return createOpenaiProvider({
    baseUrl,
    apiKey: checkApiKey("OPENAI_API_KEY", apiKey),
    model,
    proxy: proxyOf(config),
  });
}

/** Creates a provider for OpenAI's Responses API. A conversation's state is ours, or that of an OpenAI Conversation. */
export function createOpenaiProvider(options: OpenaiOptions): Provider {
  const { baseUrl, apiKey, model, timeouts = defaultTimeouts, proxy } = options;
  const connections = createUpstreamConnections({ connectMs: timeouts.connectMs, proxy });
  const client = createOpenAiClient(options, connections);
  const habits = new ServerHabits();
  return {
    name: "openai",
    upstream: baseUrl,
    probe: createProbe(connections, baseUrl),
    threads: createConversationThreads(client, createCall(apiKey, timeouts.wholeAnswerMs)),
    stream: (request, signal) =>
      withTimeouts(
        (limited) => {
          const body = toRequest(request, model);
          const fetched = client.responses.create(body, { signal: limited }).asResponse();
          return readReply(openSdkBody(fetched, "OPENAI_BASE_URL"), {
            reply: new Reply(body.model ?? model, createFromEvent(apiKey), {
              habits: habits.of(body.model ?? model),
              request,
            }),
            toError: (error) => toError(error, apiKey),
          });
        },
        { signal, firstTextMs: request.assistant.firstTextMs, ...timeouts },
      ),
  };
}
