import { html } from "../../operators/html.ts";
import { operationView } from "./operation-view.ts";
import { prose } from "./prose.ts";
import { type Operation, shownApi } from "./shape.ts";

/**
 * The page that shows the description of this API. It is static markup, made once: nothing runs in the browser.
 * @param description in OpenAPI, from `GET /openapi.json`
 */
export function docsPage(description: unknown): string {
  const api = shownApi.parse(description);
  const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Operation => ({ ...operation, method, path })),
  );
  const tags = api.tags.map((tag) => ({ ...tag, tagged: operations.filter((each) => each.tags.includes(tag.name)) }));
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${api.info.title}: API</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/docs/docs.css" />
      </head>
      <body>
        <header>
          <h1>${api.info.title}: API</h1>
          ${api.info.description.split("\n\n").map((paragraph) => html`<p>${prose(paragraph)}</p>`)}
          <p><a href="/openapi.json">openapi.json</a></p>
        </header>
        <nav aria-label="Contents">
          ${tags.map(
            ({ name, description: about, tagged }) =>
              html`<h2 title="${about}">${name}</h2>
                <ul>
                  ${tagged.map(
                    ({ operationId, summary }) => html`<li><a href="#${operationId}">${prose(summary)}</a></li>`,
                  )}
                </ul>`,
          )}
        </nav>
        <main>${tags.map(({ tagged }) => tagged.map((operation) => operationView(operation, api)))}</main>
      </body>
    </html>`.toString();
}
