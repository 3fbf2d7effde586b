import { html, type Html } from "./html.ts";
import { type Trouble, troubleView } from "./trouble-view.ts";

interface OperatorPage {
  title: string;
  trouble: Trouble;
  content: Html;
}

/** The layout of every operators' page, with a banner while a provider is in trouble. */
export function operatorPage({ title, trouble, content }: OperatorPage): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title} · Parley</title>
        <link rel="stylesheet" href="/admin/operators.css" />
      </head>
      <body>
        <header>
          <a class="brand" href="/admin">Parley</a>
          <nav>
            <a href="/admin">Conversations</a>
            <a href="/admin/queues">Queue</a>
            <a href="/health">Health</a>
          </nav>
        </header>
        <main>${troubleView(trouble)} ${content}</main>
      </body>
    </html>`.toString();
}
