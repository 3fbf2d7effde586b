import { html, type Html } from "./html.ts";

/** The layout of every operators' page. */
export function operatorPage(title: string, content: Html): string {
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
        <main>${content}</main>
      </body>
    </html>`.toString();
}
