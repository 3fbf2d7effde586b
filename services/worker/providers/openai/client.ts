import OpenAI from "openai";
import type { ProxyEnvironment } from "../../../../shared/config/proxy-environment.ts";
import type { Connections } from "../upstream/http/connections.ts";
import { createSdkFetch } from "../upstream/http/sdk-fetch.ts";

export interface ClientOptions {
  /** Like `https://api.openai.com/v1`, with or without a slash at the end. */
  baseUrl: string;
  apiKey: string;
  proxy?: ProxyEnvironment | undefined;
}

export function createClient({ baseUrl, apiKey }: ClientOptions, connections: Connections): OpenAI {
  return new OpenAI({
    baseURL: baseUrl.replace(/\/+$/, ""),
    apiKey,
    fetch: createSdkFetch(connections, { authorization: `Bearer ${apiKey}` }),
    maxRetries: 0,
    // It would print the visitor's conversation, not into our log.
    logLevel: "off",
    // What is left out here, the SDK takes from the environment.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
  });
}
