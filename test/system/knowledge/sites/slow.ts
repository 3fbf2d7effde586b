import type { ServerResponse } from "node:http";
import { answerWith, busyAtFirst, helpPage, type SiteServer } from "../site-server.ts";
import type { OddSite } from "./odd-site.ts";

/** Sends a page in pieces that are late. */
function drip(res: ServerResponse, page: string): void {
  res.writeHead(200, { "content-type": "text/html" });
  const pieces = page.match(/[^]{1,40}/g) ?? [];
  const timer = setInterval(() => {
    const piece = pieces.shift();
    if (piece !== undefined && res.writable) return void res.write(piece);
    clearInterval(timer);
    res.end();
  }, 50);
}

function open({ pages }: SiteServer): void {
  const allowed = answerWith(200, { "content-type": "text/plain" }, "User-agent: *\nDisallow: /basket\n");
  pages.set("/robots.txt", busyAtFirst(1, allowed));
  pages.set("/busy", busyAtFirst(2, helpPage("Busy", "It answers at the third request.")));
  pages.set("/limited", busyAtFirst(1, helpPage("Limited", "It answers after a pause."), 429));
  pages.set("/drip", (_req, res) => drip(res, helpPage("Drip", "All of its words arrive, one by one, to the last.")));
  pages.set("/basket", helpPage("Basket", "Nobody should read this."));
  pages.set("/dead", answerWith(503, { "retry-after": "0" }));
}

export const slow: OddSite = {
  name: "slow",
  open,
  documents: [
    { path: "/basket", status: "left_out", reason: "robots.txt of the site does not allow" },
    { path: "/busy", requests: 3, has: ["third request"] },
    { path: "/dead", status: "left_out", reason: "503" },
    { path: "/drip", has: ["one by one, to the last"] },
    { path: "/limited", requests: 2, has: ["after a pause"] },
  ],
};
