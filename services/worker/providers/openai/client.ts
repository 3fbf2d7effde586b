import OpenAI from "openai";
import type { ProxyEnvironment } from "../../../../shared/config/proxy-environment.ts";
import type { UpstreamConnections } from "../../../../shared/upstream/connections.ts";
import { createSdkFetch } from "../upstream/http/sdk-fetch.ts";

export interface OpenAiClientOptions {
  /** Base URL like `https://api.openai.com/v1`, with or without a slash at the end. */
  baseUrl: string;
  apiKey: string;
  proxy?: ProxyEnvironment | undefined;
}

export function createOpenAiClient({ baseUrl, apiKey }: OpenAiClientOptions, connections: UpstreamConnections): OpenAI {
  return new OpenAI({
    baseURL: baseUrl.replace(/\/+$/, ""),
    apiKey,
    fetch: createSdkFetch(connections, { authorization: `Bearer ${apiKey}` }),
    maxRetries: 0,
    // The SDK would print the visitor's conversation, and not into our log.
    logLevel: "off",
    // The SDK reads settings that are left out here from the environment.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
  });
}
