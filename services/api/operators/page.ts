import { html, type Html } from "./html.ts";
import { type Trouble, troubleView } from "./trouble-view.ts";

interface OperatorPage {
  title: string;
  trouble: Trouble;
  content: Html;
}

type Part = "console" | "knowledge" | "reports";

/** The layout of every page of reports, with a banner while a provider is in trouble. */
export function operatorPage({ title, trouble, content }: OperatorPage): string {
  return layout({
    title,
    part: "reports",
    head: html`<link rel="stylesheet" href="/admin/operators.css" />`,
    body: html`<main>${troubleView(trouble)} ${content}</main>`,
  });
}

/** A page of the console, which its script fills. */
export function consolePage(part: "console" | "knowledge"): string {
  return layout({
    title: part === "console" ? "Console" : "Knowledge",
    part,
    head: html`<link rel="stylesheet" href="/console/${part}.css" />
      <script type="module" src="/console/${part}.js"></script>`,
    body: html`<div id="console">
      <noscript
        ><p>The console needs JavaScript. The <a href="/admin">reports</a> work without.</p></noscript
      >
    </div>`,
  });
}

const places = [
  { part: "console", address: "/console", name: "Console" },
  // Below this address, browsers would not send the login to /api/operator.
  { part: "knowledge", address: "/console?part=knowledge", name: "Knowledge" },
  { part: "reports", address: "/admin", name: "Reports" },
  { part: undefined, address: "/admin/queues", name: "Queues" },
] as const;

function layout({ title, part, head, body }: { title: string; part: Part; head: Html; body: Html }): string {
  return html`<!doctype html>
    <html lang="en" class="${part === "reports" ? part : "console"}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Parley</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/admin/frame.css" />
        ${head}
      </head>
      <body>
        <header class="frame">
          <a class="brand" href="/console">Parley</a>
          <nav aria-label="Pages">
            ${places.map(
              (place) =>
                html`<a href="${place.address}" ${place.part === part && html`aria-current="page"`}>${place.name}</a>`,
            )}
          </nav>
        </header>
        ${body}
      </body>
    </html>`.toString();
}
