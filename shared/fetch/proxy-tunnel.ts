import { request as requestHttps } from "node:https";
import type { Socket } from "node:net";
import { http } from "../http.ts";
import { FetchError } from "./fetch-error.ts";

/**
 * Opens a connection through a proxy (CONNECT, RFC 9110 9.3.6). The proxy is named by the installation, so its own
 * address is not checked.
 * @param address checked IP address: the proxy resolves no name, which could have changed since
 * @throws {FetchError} `proxy`
 */
export async function openTunnel(
  address: string,
  port: number,
  { proxy, connectMs }: { proxy: string; connectMs: number },
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const url = new URL(proxy);
  const authority = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  const request = (url.protocol === "https:" ? requestHttps : http.request)({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? undefined : url.port,
    method: "CONNECT",
    path: authority,
    headers: { host: authority, ...credentials(url) },
    // No shared agent: that one may itself use a proxy of the environment.
    agent: false,
    signal: AbortSignal.timeout(connectMs),
  });
  const fail = (cause?: unknown) =>
    reject(new FetchError("proxy", "The proxy of FETCH_PROXY did not open a connection.", { cause }));
  request.on("connect", ({ statusCode = 0 }, socket: Socket, head) => {
    if (statusCode >= 200 && statusCode < 300) {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    } else {
      socket.destroy();
      fail(`status ${statusCode}`);
    }
  });
  request.on("response", (response) => {
    response.destroy();
    fail(`status ${response.statusCode}`);
  });
  request.on("error", fail);
  request.end();
  return await promise;
}

function credentials({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}
