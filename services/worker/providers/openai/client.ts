import OpenAI from "openai";
import type { Timeouts } from "../timeouts.ts";
import { createSdkFetch } from "../upstream/sdk-fetch.ts";

export interface ClientOptions {
  /** Like `https://api.openai.com/v1`, with or without a slash at the end. */
  baseUrl: string;
  apiKey: string;
}

export function createClient({ baseUrl, apiKey }: ClientOptions, timeouts: Pick<Timeouts, "connectMs">): OpenAI {
  return new OpenAI({
    baseURL: baseUrl.replace(/\/+$/, ""),
    apiKey,
    fetch: createSdkFetch(timeouts),
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
