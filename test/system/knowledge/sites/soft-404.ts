import { answerWith, helpPage, type SiteServer } from "../site-server.ts";
import type { OddSite } from "./odd-site.ts";

function errorPage(path: string): string {
  return `<title>Oops</title><main><h1>Oops</h1><p>There is nothing at ${path} since ${new Date().toISOString()}.
    Please use the search of our shop, or write to us, and we will find what you are looking for.</p></main>`;
}

const rootPage = `<!doctype html><title>Shop</title><div id="root"></div><script src="/app.js"></script>`;

function open({ pages }: SiteServer): void {
  pages.set("/_missing", (req, res) => {
    res.writeHead(200, { "content-type": "text/html" }).end(errorPage(req.url ?? ""));
  });
  for (const path of ["/old/a", "/old/b?c=1"]) {
    pages.set(path, (_req, res) => res.writeHead(200, { "content-type": "text/html" }).end(errorPage(path)));
  }
  pages.set("/moved-to-error", answerWith(302, { location: "/_error" }));
  pages.set("/about", helpPage("Search", "Please use the search of our shop, or write to us: we like letters."));
  pages.set("/app", rootPage);
  pages.set("/short", "<p>Closed on Mondays.</p>");
  pages.set("/gone", answerWith(410));
}

const errorText = { status: "left_out", reason: "for pages that it does not have" } as const;

export const soft404: OddSite = {
  name: "error pages with status 200",
  open,
  documents: [
    { path: "/about", has: ["we like letters"] },
    { path: "/app", status: "left_out", reason: "needs scripts" },
    { path: "/gone", status: "gone", reason: "410" },
    { path: "/moved-to-error", ...errorText },
    { path: "/old/a", ...errorText },
    { path: "/old/b?c=1", ...errorText },
    { path: "/short", has: ["Closed on Mondays."] },
  ],
};
