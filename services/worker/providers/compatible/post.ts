import type { IncomingMessage } from "node:http";
import { createConnections } from "../upstream/connections.ts";

/** A place to post JSON to, over connections that are kept. */
export interface Endpoint {
  /** Resolves and throws as `Connections.send` does. */
  post(json: string, signal: AbortSignal): Promise<IncomingMessage>;
}

interface EndpointOptions {
  url: URL;
  apiKey: string | undefined;
  connectMs: number;
}

export function createEndpoint({ url, apiKey, connectMs }: EndpointOptions): Endpoint {
  const connections = createConnections({ connectMs });
  const headers = {
    "content-type": "application/json",
    accept: "text/event-stream, application/json",
    ...(apiKey && { authorization: `Bearer ${apiKey}` }),
  };
  return { post: (body, signal) => connections.send(url, { method: "POST", headers, body, signal }) };
}
