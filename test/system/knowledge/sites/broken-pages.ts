import { gzipSync } from "node:zlib";
import { answerWith, type SiteServer } from "../site-server.ts";
import type { OddSite } from "./odd-site.ts";

const megabyte = 1_000_000;
/** The size limit of a page is 20 MB. */
const tooManyMegabytes = 21;

const nested = "<div><span>".repeat(500);

const html: Record<string, string> = {
  "/bare": "The text of a page that has no tags but <b>this one",
  "/before-html": `<style>p { color: red }</style><script>var hidden = "<p>none</p>"</script><html><body><p>Text after a style.`,
  "/cdata": "<body><![CDATA[ > ]]><p>Text after <![CDATA[ a section ]]> of CDATA.</p>",
  "/nested": `<body>${nested}Text in the deep.`,
  "/table": "<main><table><tr><th>Size<th>Price<tr><td>Small<td>9 €<tr><td>Large<td>19 €</table><p>After the table.",
  "/unclosed": `<html lang=en><title>Unclosed</title><body><nav><a href=/>Home</a></nav><p>First<p>Second <i>part<p>Third</i> part`,
  "/quotes": `<body><p title="a > b" class='x'y>Between quotes.</p><p data-x="open>Lost in a quote.</p><p title="">The end.</p>`,
};

const xhtml = `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="x.js"/></head>
  <body><p>Text after a script that closes itself.</p></body></html>`;

function open({ pages }: SiteServer): void {
  for (const [path, page] of Object.entries(html)) pages.set(path, page);
  pages.set("/xhtml", answerWith(200, { "content-type": "application/xhtml+xml" }, xhtml));
  pages.set("/no-type", answerWith(200, {}, "<p>A page without a type.</p>"));
  pages.set("/video", answerWith(200, { "content-type": "video/mp4" }, "not read"));
  pages.set("/short", (_req, res) => {
    res.writeHead(200, { "content-type": "text/html", "content-length": "0" }).end();
  });
  // Half of it arrives as one megabyte after the other; the others only say how large they are, or are small on the way.
  pages.set("/large", (_req, res) => {
    res.writeHead(200, { "content-type": "text/html" });
    const piece = Buffer.alloc(megabyte, "large ");
    for (let sent = 0; sent < tooManyMegabytes; sent += 1) res.write(piece);
    res.end();
  });
  pages.set("/announced", (_req, res) => {
    res.writeHead(200, { "content-type": "text/html", "content-length": String(50 * megabyte) }).write("<p>Large.");
  });
  const zipped = gzipSync(Buffer.alloc(tooManyMegabytes * megabyte, "a "), { level: 1 });
  pages.set("/unzipped", answerWith(200, { "content-type": "text/html", "content-encoding": "gzip" }, zipped));
  // Many servers announce an encoding that such answers do not have.
  pages.set("/forbidden", answerWith(403, { "content-encoding": "gzip" }, "not allowed"));
  pages.set("/gone", answerWith(410, { "content-encoding": "gzip" }, "no more"));
  pages.set("/moved", answerWith(301, { "content-encoding": "br", location: "/_moved" }, "to another place"));
  pages.set("/_moved", "<p>A page that has moved.</p>");
}

const tooLarge = { status: "left_out", reason: "20000000" } as const;

export const brokenPages: OddSite = {
  name: "broken and large pages",
  open,
  documents: [
    { path: "/announced", ...tooLarge },
    { path: "/bare", has: ["no tags but this one"] },
    { path: "/before-html", has: ["Text after a style."], lacks: ["color", "none"] },
    { path: "/cdata", has: ["of CDATA."] },
    { path: "/forbidden", status: "left_out", reason: "403" },
    { path: "/gone", status: "gone", reason: "410" },
    { path: "/large", ...tooLarge },
    { path: "/moved", has: ["has moved"] },
    { path: "/nested", has: ["Text in the deep."] },
    { path: "/no-type", has: ["without a type"] },
    { path: "/quotes", has: ["Between quotes.", "The end."] },
    { path: "/short", status: "left_out", reason: "no text found" },
    { path: "/table", has: ["Large", "19 €", "After the table."] },
    { path: "/unclosed", has: ["First", "Second part", "Third part"], lacks: ["Home"] },
    { path: "/unzipped", ...tooLarge },
    { path: "/video", status: "left_out", reason: "video/mp4" },
    { path: "/xhtml", has: ["closes itself"] },
  ],
};
