import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";

/** A page of a site: HTML, or an answer of any kind. */
export type SitePage = string | ((req: IncomingMessage, res: ServerResponse) => void);

/** A web site on loopback, whose pages a test may change at any time. */
export interface SiteServer extends AsyncDisposable {
  readonly url: string;
  /** By path and query. `/_missing` answers for addresses that have no page. */
  readonly pages: Map<string, SitePage>;
  /** Paths with their queries, in the order in which they were asked for. */
  readonly asked: string[];
}

/** Starts a site. Its sitemap lists all pages that are there, besides robots.txt and files that begin with `/_`. */
export async function startSiteServer(): Promise<SiteServer> {
  const pages = new Map<string, SitePage>();
  const asked: string[] = [];
  const server = createServer((req, res) => {
    const { url: path = "/" } = req;
    asked.push(path);
    const page = pages.get(path) ?? (path === "/sitemap.xml" ? sitemapOf(url, listed()) : pages.get("/_missing"));
    if (page === undefined) res.writeHead(404).end("<h1>Not here</h1>");
    else send(page, req, res);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const listed = () => [...pages.keys()].filter((path) => path !== "/robots.txt" && !path.startsWith("/_"));
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

function send(page: SitePage, req: IncomingMessage, res: ServerResponse): void {
  if (typeof page === "function") page(req, res);
  else res.writeHead(200, { "content-type": page.startsWith("<?xml") ? "text/xml" : "text/html" }).end(page);
}

/** A sitemap of paths. */
export function sitemapOf(url: string, paths: readonly string[]): string {
  const entries = paths.map((path) => `<url><loc>${url}${path.replaceAll("&", "&amp;")}</loc></url>`);
  return `<?xml version="1.0"?><urlset>${entries.join("")}</urlset>`;
}

/** An answer that is no plain HTML page. */
export function answerWith(status: number, headers: OutgoingHttpHeaders = {}, body: string | Buffer = ""): SitePage {
  return (_req, res) => void res.writeHead(status, headers).end(body);
}

/** Refuses requests a few times, and then shows a page. */
export function busyAtFirst(times: number, page: SitePage, status = 503): SitePage {
  let refused = 0;
  return (req, res) => {
    refused += 1;
    if (refused <= times) res.writeHead(status, { "retry-after": "1" }).end();
    else send(page, req, res);
  };
}

/** A help page with a heading and a paragraph. */
export function helpPage(title: string, text: string): string {
  return `<!doctype html><html lang="en"><title>${title}</title><main><h1>${title}</h1><p>${text}</p></main></html>`;
}
