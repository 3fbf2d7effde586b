import { answerWith, busyAtFirst, helpPage, type SiteServer } from "../site-server.ts";
import type { OddSite } from "./odd-site.ts";

/** A line that repeats over the site. */
const offer = "Order before noon on working days and we ship today.";

const article = (title: string, text: string) =>
  `<title>${title}</title><main><p>${offer}</p><h1>${title}</h1><p>${text}</p></main>`;

const topics = ["delivery", "glaze", "lids", "repair"];

/** Each month links to the next one, without end. */
const month = (no: number) => `<main><h1>Calendar</h1><p>Month ${no}</p><a href="/calendar/${no + 1}">Next</a></main>`;

function open({ pages, url }: SiteServer): void {
  for (const topic of topics)
    pages.set(
      `/${topic}`,
      article(topic, `All that we know about ${topic} is on this page, which has more words than the offer.`),
    );
  const shown = article("Teapot", "This teapot holds one litre and keeps its warmth for an hour or longer.");
  for (const query of ["", "?colour=blue&sort=price", "?session=4711", "?utm_source=mail"]) {
    pages.set(`/teapot${query}`, shown);
  }
  pages.set("/calendar", month(0));
  pages.set("/_missing", (req, res) => {
    const no = /^\/calendar\/(\d+)$/.exec(req.url ?? "")?.[1];
    if (no === undefined) res.writeHead(404).end();
    else res.writeHead(200, { "content-type": "text/html" }).end(month(Number(no)));
  });
  pages.set("/loop", answerWith(302, { location: "/_loop" }));
  pages.set("/_loop", answerWith(302, { location: "/loop" }));
  // Each redirect gives another session.
  pages.set("/sessions", answerWith(302, { location: "/_sessions/0" }));
  for (let no = 0; no < 12; no += 1) {
    pages.set(`/_sessions/${no}`, answerWith(302, { location: `${url}/_sessions/${no + 1}` }));
  }
  pages.set("/moved", answerWith(301, { location: "/_new#part" }));
  pages.set("/_new", helpPage("New", "The page has moved here with all of its words."));
  // The last one is read after a pause, when the line that repeats is known.
  pages.set("/teapot?late", busyAtFirst(1, shown));
}

const copy = { status: "left_out", reason: "the same text as" } as const;
const endless = { status: "left_out", reason: "redirects more than 10 times" } as const;

export const traps: OddSite = {
  name: "traps",
  open,
  documents: [
    { path: "/calendar", has: ["Month 0"] },
    ...topics.map((topic) => ({ path: `/${topic}`, has: [`know about ${topic}`], lacks: [offer] })),
    { path: "/loop", ...endless },
    { path: "/moved", has: ["with all of its words"] },
    { path: "/sessions", ...endless },
    { path: "/teapot", has: ["one litre"], lacks: [offer] },
    { path: "/teapot?colour=blue&sort=price", ...copy },
    { path: "/teapot?late", ...copy },
    { path: "/teapot?session=4711", ...copy },
    { path: "/teapot?utm_source=mail", ...copy },
  ],
};
