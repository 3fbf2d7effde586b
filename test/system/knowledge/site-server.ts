import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";

/** A page of a site: HTML, or an answer of any kind. */
export type SitePage = string | ((req: IncomingMessage, res: ServerResponse) => void);

/** A web site on loopback, whose pages a test may change at any time. */
export interface SiteServer extends AsyncDisposable {
  readonly url: string;
  readonly pages: Map<string, SitePage>;
  /** Paths in the order in which they were asked for. */
  readonly asked: string[];
}

/** Starts a site. Its sitemap lists all pages that are there, besides files that begin with `/_`. */
export async function startSiteServer(): Promise<SiteServer> {
  const pages = new Map<string, SitePage>();
  const asked: string[] = [];
  const server = createServer((req, res) => {
    const { pathname } = new URL(req.url ?? "/", "http://site");
    asked.push(pathname);
    const page = pages.get(pathname) ?? (pathname === "/sitemap.xml" ? sitemap() : undefined);
    if (typeof page === "function") page(req, res);
    else if (page === undefined) res.writeHead(404).end("<h1>Not here</h1>");
    else res.writeHead(200, { "content-type": page.startsWith("<?xml") ? "text/xml" : "text/html" }).end(page);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sitemap = () => {
    const listed = [...pages.keys()].filter((path) => !path.startsWith("/_"));
    return `<?xml version="1.0"?><urlset>${listed.map((path) => `<url><loc>${url}${path}</loc></url>`).join("")}</urlset>`;
  };
  return {
    url,
    pages,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A help page with a heading and a paragraph. */
export function helpPage(title: string, text: string): string {
  return `<!doctype html><html lang="en"><title>${title}</title><main><h1>${title}</h1><p>${text}</p></main></html>`;
}
