import { gzipSync } from "node:zlib";
import { answerWith, helpPage, sitemapOf, type SiteServer } from "../site-server.ts";
import type { ExpectedDocument, OddSite } from "./odd-site.ts";

const paths = Array.from({ length: 14 }, (_, no) => `/shelf/${no}?a=1&b=${no}`);

const index = (...addresses: string[]) =>
  `<sitemapindex>${addresses.map((address) => `<sitemap><loc>${address}</loc></sitemap>`).join("")}</sitemapindex>`;

const zipped = (text: string) => gzipSync(Buffer.from(text));

/** Files are compressed by name, by header, by both, or twice. */
function openIndex({ pages, url }: SiteServer): void {
  // An index that names itself, white space before the declaration, and an address in CDATA.
  const first = `\n <?xml version="1.0"?>${index(`<![CDATA[${url}/_products.xml.gz]]>`, `${url}/sitemap.xml`, "/_news.xml")}`;
  pages.set("/sitemap.xml", answerWith(200, { "content-type": "text/plain" }, zipped(first)));
  const nested = zipped(index(`${url}/_a.xml`, `${url}/_b.xml.gz`));
  pages.set("/_products.xml.gz", answerWith(200, { "content-encoding": "gzip" }, gzipSync(nested)));
  // A bare `&`, as many sitemaps have it.
  pages.set("/_a.xml", sitemapOf(url, paths.slice(0, 6)).replaceAll("&amp;", "&"));
  pages.set("/_b.xml.gz", answerWith(200, {}, zipped(`\ufeff${sitemapOf(url, paths.slice(6, 12))}`)));
  const lines = paths.slice(12).map((path) => `${url}${path}`);
  pages.set("/_news.xml", answerWith(200, {}, lines.join("\r\n")));
}

function open(site: SiteServer): void {
  for (const path of paths) site.pages.set(path, helpPage(`Shelf ${path}`, `On the shelf ${path} there is one thing.`));
  openIndex(site);
}

const documents: ExpectedDocument[] = paths.map((path) => ({ path, has: [`shelf ${path} there`] }));
const workInProgress = "<!doctype html><title>Back soon</title><h1>We are working on our shop</h1>";

export const sitemaps: OddSite = {
  name: "nested sitemaps, broken for a day",
  open,
  documents,
  days: [
    {
      change: ({ pages }) => pages.set("/sitemap.xml", answerWith(503, { "retry-after": "3600" })),
      status: "failed",
      reason: "503",
      documents,
    },
    {
      change: ({ pages }) => pages.set("/sitemap.xml", workInProgress),
      status: "failed",
      reason: "no sitemap",
      documents,
    },
    {
      change: (site) => {
        openIndex(site);
        site.pages.set("/_b.xml.gz", answerWith(500));
      },
      status: "ready",
      reason: "500",
      documents,
    },
    { change: openIndex, status: "ready", documents },
  ],
};
