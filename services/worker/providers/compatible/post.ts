import type { IncomingMessage } from "node:http";
import type { UpstreamConnections } from "../../../../shared/upstream/connections.ts";

/** PostEndpoint that accepts JSON by POST, over kept connections. */
export interface PostEndpoint {
  /** Resolves and throws as `UpstreamConnections.send` does. */
  post(json: string, signal: AbortSignal): Promise<IncomingMessage>;
}

interface PostEndpointOptions {
  url: URL;
  apiKey: string | undefined;
}

export function createPostEndpoint(
  connections: UpstreamConnections,
  { url, apiKey }: PostEndpointOptions,
): PostEndpoint {
  const headers = {
    "content-type": "application/json",
    accept: "text/event-stream, application/json",
    ...(apiKey && { authorization: `Bearer ${apiKey}` }),
  };
  return { post: (body, signal) => connections.send(url, { method: "POST", headers, body, signal }) };
}
