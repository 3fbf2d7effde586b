import http from "node:http";

/** Which requests go through which proxy, by the names that the environment gives these settings. */
export interface ProxyEnvironment {
  HTTP_PROXY?: string | undefined;
  HTTPS_PROXY?: string | undefined;
  NO_PROXY?: string | undefined;
}

/** The part of a configuration that says so. */
export function proxyOf({ HTTP_PROXY, HTTPS_PROXY, NO_PROXY }: ProxyEnvironment): ProxyEnvironment {
  return {
    ...(HTTP_PROXY !== undefined && { HTTP_PROXY }),
    ...(HTTPS_PROXY !== undefined && { HTTPS_PROXY }),
    ...(NO_PROXY !== undefined && { NO_PROXY }),
  };
}

/**
 * Lets `fetch` and the default agents of this process go through the proxies of its configuration.
 * @returns what undoes it
 */
export function useProxies(config: ProxyEnvironment): () => void {
  return http.setGlobalProxyFromEnv({ ...proxyOf(config) });
}
