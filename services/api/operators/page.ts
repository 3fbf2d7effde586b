import { html, type Html } from "./html.ts";
import { type Trouble, troubleView } from "./trouble-view.ts";

interface OperatorPage {
  title: string;
  trouble: Trouble;
  content: Html;
}

type ConsolePart = "console" | "knowledge" | "settings" | "account";
type Part = ConsolePart | "reports" | "sign-in";

/** The layout of every page of reports, with a banner while a provider is in trouble. */
export function operatorPage({ title, trouble, content }: OperatorPage): string {
  return layout({
    title,
    part: "reports",
    head: html`<link rel="stylesheet" href="/admin/operators.css" />`,
    body: html`<main>${troubleView(trouble)} ${content}</main>`,
  });
}

const titles = { console: "Console", knowledge: "Knowledge", settings: "Settings", account: "Account" };

/** A page of the console, which its script fills. */
export function consolePage(part: ConsolePart): string {
  return layout({
    title: titles[part],
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

/** The page to sign in with. It names no other: nobody is let in there yet. */
export function signInPage(): string {
  return layout({
    title: "Sign in",
    part: "sign-in",
    head: html`<link rel="stylesheet" href="/console/sign-in.css" />
      <script type="module" src="/console/sign-in.js"></script>`,
    body: html`<main id="sign-in">
      <noscript><p>Signing in needs JavaScript.</p></noscript>
    </main>`,
  });
}

const places = [
  { part: "console", address: "/console", name: "Console" },
  // Below this address, browsers would not send the login to /api/operator.
  { part: "knowledge", address: "/console?part=knowledge", name: "Knowledge" },
  { part: "reports", address: "/admin", name: "Reports" },
  { part: undefined, address: "/admin/queues", name: "Queues" },
  { part: "settings", address: "/console?part=settings", name: "Settings" },
  { part: "account", address: "/console?part=account", name: "Account" },
] as const;

function layout({ title, part, head, body }: { title: string; part: Part; head: Html; body: Html }): string {
  return html`<!doctype html>
    <html lang="en" class="${part === "reports" || part === "sign-in" ? part : "console"}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Parley</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/admin/frame.css" />
        ${head}
      </head>
      <body>
        ${part !== "sign-in" && navigation(part)} ${body}
      </body>
    </html>`.toString();
}

function navigation(part: Part): Html {
  return html`<header class="frame">
    <a class="brand" href="/console">Parley</a>
    <nav aria-label="Pages">
      ${places.map(
        (place) =>
          html`<a href="${place.address}" ${place.part === part && html`aria-current="page"`}>${place.name}</a>`,
      )}
    </nav>
  </header>`;
}
