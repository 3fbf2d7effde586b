import { answerWith, helpPage, sitemapOf, type SiteServer } from "../site-server.ts";
import type { OddSite } from "./odd-site.ts";

/** Addresses that no page may lead to, and part of the reason. */
const refused: Record<string, [location: string, reason: string]> = {
  "/decimal": ["http://167772161/", "private network"],
  "/file": ["file:///etc/passwd", "starts with file:"],
  "/link-local": ["http://169.254.169.254/latest/meta-data/", "local link"],
  "/mapped": ["http://[::ffff:10.0.0.1]/", "inside an IPv6 one"],
  "/password": ["http://admin:admin@127.0.0.1/", "password"],
  "/port": ["http://127.0.0.1:9/", "Port 9 is not allowed"],
  "/private": ["http://10.0.0.1/", "private network"],
  "/two-steps": ["/_step", "private network"],
  "/v6": ["http://[::1]/", "this machine"],
};

function open({ pages, url }: SiteServer): void {
  for (const [path, [location]] of Object.entries(refused)) pages.set(path, answerWith(302, { location }));
  pages.set("/_step", answerWith(307, { location: "http://192.168.1.1/router" }));
  pages.set("/open", helpPage("Open", "This page of the site is for everybody."));
  // A page with a refresh is a page; its address is not asked for.
  pages.set(
    "/refresh",
    `<meta http-equiv="refresh" content="0; url=http://10.0.0.1/">${helpPage("Wait", "Wait here.")}`,
  );
  const listed = [...pages.keys()].filter((path) => !path.startsWith("/_"));
  const foreign = "<url><loc>http://10.0.0.1/inside</loc></url><url><loc>ftp://127.0.0.1/file</loc></url>";
  pages.set("/sitemap.xml", sitemapOf(url, listed).replace("<urlset>", `<urlset>${foreign}`));
}

export const privateRedirects: OddSite = {
  name: "redirects into private ranges",
  open,
  documents: [
    ...Object.entries(refused).map(([path, [, reason]]) => ({ path, status: "left_out" as const, reason })),
    { path: "/open", has: ["for everybody"] },
    { path: "/refresh", has: ["Wait here"] },
  ],
};
