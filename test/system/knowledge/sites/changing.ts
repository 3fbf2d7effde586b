import { answerWith, helpPage, sitemapOf, type SiteServer } from "../site-server.ts";
import type { ExpectedDocument, OddSite } from "./odd-site.ts";

const count = 16;
const pathOf = (no: number) => `/item/${String(no).padStart(2, "0")}`;
const paths = Array.from({ length: count }, (_, no) => pathOf(no));

function open({ pages, url }: SiteServer): void {
  for (const path of paths) pages.set(path, helpPage(`Item ${path}`, `The first description of ${path} is this.`));
  const page = helpPage("Unchanged", "This page knows its version and does not change.");
  pages.set(pathOf(0), (req, res) => {
    if (req.headers["if-none-match"] === '"one"') res.writeHead(304).end();
    else res.writeHead(200, { "content-type": "text/html", etag: '"one"' }).end(page);
  });
  pages.set("/sitemap.xml", sitemapOf(url, paths));
}

const first = (no: number): ExpectedDocument =>
  no === 0
    ? { path: pathOf(0), has: ["does not change"] }
    : { path: pathOf(no), has: [`first description of ${pathOf(no)}`] };
const second = (no: number): ExpectedDocument => ({ path: pathOf(no), has: ["another description"], lacks: ["first"] });
const gone = (no: number): ExpectedDocument => ({ path: pathOf(no), status: "gone", reason: "the page answers 4" });
const all = (from: number, to: number, make: (no: number) => ExpectedDocument) =>
  Array.from({ length: to - from }, (_, offset) => make(from + offset));

/** Four pages are still listed, and one of them has changed; four others are gone, and eight only miss in the list. */
function shrink({ pages, url }: SiteServer): void {
  pages.set("/sitemap.xml", sitemapOf(url, paths.slice(0, 4)));
  pages.set(pathOf(1), helpPage("Item", "It has another description now."));
  pages.set(pathOf(4), answerWith(404));
  pages.set(pathOf(5), answerWith(410));
  for (const no of [6, 7]) pages.delete(pathOf(no));
}

/** The list is back, but for one page that has been taken out of it. */
function recover({ pages, url }: SiteServer): void {
  pages.set("/sitemap.xml", sitemapOf(url, [...paths.slice(0, 4), ...paths.slice(8, -1)]));
}

export const changing: OddSite = {
  name: "pages that change and vanish",
  open,
  documents: all(0, count, first),
  days: [
    {
      change: shrink,
      status: "ready",
      reason: "12 pages would have been removed",
      documents: [first(0), second(1), ...all(2, 4, first), ...all(4, 8, gone), ...all(8, count, first)],
    },
    {
      change: recover,
      status: "ready",
      documents: [first(0), second(1), ...all(2, 4, first), ...all(8, count - 1, first)],
    },
  ],
};
