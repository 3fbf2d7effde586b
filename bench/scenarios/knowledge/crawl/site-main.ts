import { createServer } from "node:http";
import { ready } from "../../../baselines/floor-store.ts";
import { LargeSite } from "../large/large-site.ts";

/** A site to be read: a sitemap, and pages of some hundred words, which differ with each look. */
const pages = Number(process.env["PAGES"]);
const passagesOfPage = 3;
const words = new LargeSite(20_000);
let edition = 0;

const server = createServer((req, res) => {
  const origin = `http://${req.headers.host}`;
  const [, no] = /^\/page\/(\d+)$/.exec(req.url ?? "") ?? [];
  if (req.url === "/sitemap.xml") {
    edition += 1;
    const urls = Array.from({ length: pages }, (_, at) => `<url><loc>${origin}/page/${at}</loc></url>`);
    res.writeHead(200, { "content-type": "application/xml" }).end(`<urlset>${urls.join("")}</urlset>`);
  } else if (no === undefined) {
    res.writeHead(404).end();
  } else {
    res.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(pageOf(Number(no)));
  }
});

function pageOf(no: number): string {
  const first = (edition * pages + no) * passagesOfPage + 1;
  const texts = Array.from(
    { length: passagesOfPage },
    (_, at) => `<h2>Part ${at}</h2><p>${words.passage(first + at)}</p>`,
  );
  return `<!doctype html><title>Page ${no}</title><main><h1>Page ${no}</h1>${texts.join("")}</main>`;
}

server.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1" }, ready);
