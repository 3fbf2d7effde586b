import { html, type Html } from "../operators/html.ts";

interface VisitorPage {
  language: string;
  /** Absent: from left to right. */
  direction?: "rtl" | undefined;
  title: string;
  /** Address of the style sheet. */
  style: string;
  /** Content below the title. */
  content: Html;
}

/** A page of one column for visitors, which no search engine lists. */
export function visitorPage({ language, direction, title, style, content }: VisitorPage): string {
  return html`<!doctype html>
    <html lang="${language}" dir="${direction ?? "ltr"}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${style}" />
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`.toString();
}
