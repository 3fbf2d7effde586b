import { ProviderError } from "../../provider.ts";
import type { UpstreamConnections } from "../../../../../shared/upstream/connections.ts";
import { fromConnection } from "../errors/errors.ts";

/** Creates the probe of a provider; see `Provider.probe`. */
export function createProbe(connections: UpstreamConnections, baseUrl: string): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    const answer = await connections.send(new URL(baseUrl), { method: "GET", headers: {}, signal }).catch((error) => {
      throw fromConnection(error);
    });
    answer.destroy();
    const { statusCode = 0 } = answer;
    if (statusCode >= 500) throw new ProviderError("overloaded", `a probe was answered with ${statusCode}`);
  };
}
