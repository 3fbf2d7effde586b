import { answerWith, helpPage, type SiteServer } from "../site-server.ts";
import type { OddSite } from "./odd-site.ts";

const rules = `\ufeffUser-agent: *
Disallow: /

User-agent: some-crawler
Sitemap: /ignored.xml
User-Agent: Parley
Disallow: /secret
Allow: /secret/public
Disallow: /*.print$
Crawl-delay: 0.05
`;

function open({ pages }: SiteServer): void {
  pages.set("/robots.txt", answerWith(200, { "content-type": "text/plain" }, rules));
  for (const path of ["/open", "/page.print", "/page.print?all", "/secret/plan", "/secret/public"]) {
    pages.set(path, helpPage(path, `The words of ${path} stand here.`));
  }
  pages.set("/to-secret", answerWith(302, { location: "/secret/plan" }));
  const page = helpPage("Header", "A header speaks about this page.");
  const withHeader = (header: string | string[]) =>
    answerWith(200, { "content-type": "text/html", "x-robots-tag": header }, page);
  pages.set("/header", withHeader(["noarchive", "parley: noindex"]));
  pages.set("/header-of-others", withHeader("some-crawler: noindex, nofollow"));
  pages.set("/meta", `<meta name="robots" content="NOINDEX, follow">${page}`);
}

const disallowed = { status: "left_out", reason: "robots.txt of the site does not allow" } as const;
const noindex = { status: "left_out", reason: "asks not to be indexed" } as const;

export const robots: OddSite = {
  name: "robots",
  open,
  documents: [
    { path: "/header", ...noindex },
    { path: "/header-of-others", has: ["speaks about"] },
    { path: "/meta", ...noindex },
    { path: "/open", has: ["words of /open"] },
    { path: "/page.print", ...disallowed },
    { path: "/page.print?all", has: ["stand here"] },
    { path: "/secret/plan", ...disallowed },
    { path: "/secret/public", has: ["stand here"] },
    { path: "/to-secret", ...disallowed },
  ],
};
