import { http } from "../http.ts";

/** Proxy settings, named like the environment variables: which requests use which proxy. */
export interface ProxyEnvironment {
  HTTP_PROXY?: string | undefined;
  HTTPS_PROXY?: string | undefined;
  NO_PROXY?: string | undefined;
}

/** Extracts the proxy settings of a configuration. */
export function proxyOf({ HTTP_PROXY, HTTPS_PROXY, NO_PROXY }: ProxyEnvironment): ProxyEnvironment {
  return {
    ...(HTTP_PROXY !== undefined && { HTTP_PROXY }),
    ...(HTTPS_PROXY !== undefined && { HTTPS_PROXY }),
    ...(NO_PROXY !== undefined && { NO_PROXY }),
  };
}

/**
 * Routes `fetch` and the default agents of this process through the proxies of its configuration.
 * @returns a function that undoes it
 */
export function useProxies(config: ProxyEnvironment): () => void {
  return http.setGlobalProxyFromEnv({ ...proxyOf(config) });
}
