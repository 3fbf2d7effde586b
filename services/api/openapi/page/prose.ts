import { html, type Html } from "../../operators/html.ts";

/** Formats text with `code` between backticks. */
export function prose(text: string): Html {
  return html`${text.split("`").map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : piece))}`;
}
