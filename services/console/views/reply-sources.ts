import { html, nothing, type TemplateResult } from "lit/html.js";
import type { MarkdownContext } from "../../../shared/markdown/render-blocks.ts";
import type { ReplySourceView } from "../../../shared/protocol/knowledge/reply-source.ts";
import { texts } from "../texts.ts";

/** Adds the numbers of a reply's sources to its rendering. */
export function withNumbers(context: MarkdownContext, sources: readonly ReplySourceView[]): MarkdownContext {
  return { ...context, sources: { marks: sources, view: (n) => html`<sup class="cited">${n}</sup>` } };
}

/** Sources of a reply, unfolded: each once, with the words that the reply rests on. */
export function citedSources(sources: readonly ReplySourceView[]): TemplateResult | typeof nothing {
  const numbered = new Map(sources.map((source) => [source.n, source]));
  if (numbered.size === 0) return nothing;
  return html`<details class="sources">
    <summary>${texts.sources(numbered.size)}</summary>
    <ul>
      ${[...numbered.values()].toSorted((a, b) => a.n - b.n).map(sourceView)}
    </ul>
  </details>`;
}

function sourceView({ n, title, url, quote, removed }: ReplySourceView): TemplateResult {
  const name = removed ? texts.sourceRemoved : title || texts.sourceUntitled;
  return html`<li>
    ${n}
    ${
      /^https?:/i.test(url)
        ? html`<a href=${url} target="_blank" rel="noopener noreferrer" dir="auto">${name}</a>`
        : html`<span dir="auto">${name}</span>`
    }
    ${quote === "" ? nothing : html`<p dir="auto">${quote}</p>`}
  </li>`;
}
