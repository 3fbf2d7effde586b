import Anthropic from "@anthropic-ai/sdk";
import { ConfigError, type Config } from "../../../../shared/config/config.ts";
import { type ProxyEnvironment, proxyOf } from "../../../../shared/config/proxy-environment.ts";
import type { Provider } from "../provider.ts";
import { defaultTimeouts, withTimeouts, type Timeouts } from "../timeouts.ts";
import { checkApiKey } from "../upstream/http/api-key.ts";
import { createUpstreamConnections } from "../../../../shared/upstream/connections.ts";
import { createProbe } from "../upstream/http/probe.ts";
import { readReply } from "../upstream/read-reply.ts";
import { Reply } from "../upstream/reply.ts";
import { ServerHabits } from "../upstream/shown/server-habits.ts";
import { openSdkBody } from "../upstream/http/sdk-body.ts";
import { createSdkFetch } from "../upstream/http/sdk-fetch.ts";
import { createFromEvent } from "./from-event.ts";
import { toError } from "./to-error.ts";
import { toBaseUrl, toRequest } from "./to-request.ts";

interface AnthropicOptions {
  /** Base URL like `https://api.anthropic.com`, with or without `/v1` at the end. */
  baseUrl: string;
  apiKey: string;
  /** Default model, for assistants that do not name this provider and a model. */
  model: string;
  /** True if the server knows search results and cites them. Default: Anthropic's own does, others are not asked to. */
  citesNatively?: boolean;
  timeouts?: Timeouts;
  proxy?: ProxyEnvironment | undefined;
}

/** The only API version in Anthropic's documentation. */
const apiVersion = "2023-06-01";

/** @throws {ConfigError} when the key is missing or is not a valid header value */
export function anthropicFromConfig(config: Config): Provider {
  const { ANTHROPIC_API_KEY, CLAUDE_API_KEY, ANTHROPIC_BASE_URL: baseUrl, ANTHROPIC_MODEL: model } = config;
  const setting = ANTHROPIC_API_KEY === undefined ? "CLAUDE_API_KEY" : "ANTHROPIC_API_KEY";
  const apiKey = ANTHROPIC_API_KEY ?? CLAUDE_API_KEY;
  if (apiKey === undefined) throw new ConfigError("ANTHROPIC_API_KEY is not set");
  return createAnthropicProvider({ baseUrl, apiKey: checkApiKey(setting, apiKey), model, proxy: proxyOf(config) });
}

/** Anthropic's Messages API. */
export function createAnthropicProvider(options: AnthropicOptions): Provider {
  const { baseUrl, apiKey, model, citesNatively = isOwn(baseUrl), timeouts = defaultTimeouts, proxy } = options;
  const connections = createUpstreamConnections({ connectMs: timeouts.connectMs, proxy });
  const client = new Anthropic({
    baseURL: toBaseUrl(baseUrl),
    apiKey,
    fetch: createSdkFetch(connections, { "anthropic-version": apiVersion, "x-api-key": apiKey }),
    maxRetries: 0,
    // The SDK would print the visitor's conversation, and not into our log.
    logLevel: "off",
    // The SDK reads settings that are left out here from the environment.
    openTelemetry: false,
    webhookKey: null,
  });
  const habits = new ServerHabits();
  return {
    name: "anthropic",
    upstream: baseUrl,
    probe: createProbe(connections, baseUrl),
    stream: (request, signal) =>
      withTimeouts(
        (limited) => {
          const body = toRequest(request, model, { citesNatively });
          const fetched = client.messages.create(body, { signal: limited }).asResponse();
          return readReply(openSdkBody(fetched, "ANTHROPIC_BASE_URL"), {
            reply: new Reply(body.model, createFromEvent(apiKey), {
              habits: habits.of(body.model),
              request,
            }),
            toError: (error) => toError(error, apiKey),
          });
        },
        { signal, firstTextMs: request.assistant.firstTextMs, ...timeouts },
      ),
  };
}

function isOwn(baseUrl: string): boolean {
  return URL.parse(baseUrl)?.hostname === "api.anthropic.com";
}
