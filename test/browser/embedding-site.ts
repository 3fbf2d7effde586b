import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Embedding site on an origin of its own. */
export interface EmbeddingSite extends AsyncDisposable {
  readonly url: string;
  /** @returns the address of a page with that HTML and that policy; "": no policy */
  page(html: string, policy?: string): string;
}

export async function openEmbeddingSite(): Promise<EmbeddingSite> {
  const pages = new Map<string, { html: string; policy: string }>();
  const server = createServer((request, response) => {
    const page = pages.get(new URL(request.url ?? "/", "http://site").pathname);
    if (page === undefined) return void response.writeHead(404).end();
    response.writeHead(200, {
      "Content-Type": "text/html; charset=utf-8",
      ...(page.policy !== "" && { "Content-Security-Policy": page.policy }),
    });
    response.end(page.html);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    page: (html, policy = "") => {
      const path = `/${pages.size}`;
      pages.set(path, { html, policy });
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
