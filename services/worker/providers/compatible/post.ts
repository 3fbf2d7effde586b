import type { IncomingMessage } from "node:http";
import type { Connections } from "../upstream/http/connections.ts";

/** Endpoint that accepts JSON by POST, over kept connections. */
export interface Endpoint {
  /** Resolves and throws as `Connections.send` does. */
  post(json: string, signal: AbortSignal): Promise<IncomingMessage>;
}

interface EndpointOptions {
  url: URL;
  apiKey: string | undefined;
}

export function createEndpoint(connections: Connections, { url, apiKey }: EndpointOptions): Endpoint {
  const headers = {
    "content-type": "application/json",
    accept: "text/event-stream, application/json",
    ...(apiKey && { authorization: `Bearer ${apiKey}` }),
  };
  return { post: (body, signal) => connections.send(url, { method: "POST", headers, body, signal }) };
}
