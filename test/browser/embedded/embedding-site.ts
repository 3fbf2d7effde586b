import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Embedding site on an origin of its own. */
export interface EmbeddingSite extends AsyncDisposable {
  readonly url: string;
  /**
   * @param policy none by default
   * @returns the address of a page, or another file, with that content
   */
  page(content: string, policy?: string, contentType?: string): string;
}

export async function openEmbeddingSite(): Promise<EmbeddingSite> {
  const pages = new Map<string, { content: string; policy: string; contentType: string }>();
  const server = createServer((request, response) => {
    const page = pages.get(new URL(request.url ?? "/", "http://site").pathname);
    if (page === undefined) return void response.writeHead(404).end();
    response.writeHead(200, {
      "Content-Type": `${page.contentType}; charset=utf-8`,
      ...(page.policy !== "" && { "Content-Security-Policy": page.policy }),
    });
    response.end(page.content);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    page: (content, policy = "", contentType = "text/html") => {
      const path = `/${pages.size}`;
      pages.set(path, { content, policy, contentType });
      return url + path;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Strictest possible policy: no inline code, and only the widget's own host. */
export function strictPolicy(host: string): string {
  return [
    "default-src 'none'",
    `script-src ${host}`,
    `connect-src ${host}`,
    "require-trusted-types-for 'script'",
    "trusted-types lit-html",
  ].join("; ");
}
