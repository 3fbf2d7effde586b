import { html, nothing, type TemplateResult } from "lit/html.js";
import type { MarkdownContext } from "../../../shared/markdown/render-blocks.ts";
import type { ReplySourceView } from "../../../shared/protocol/knowledge/reply-source.ts";
import type { RetrievedPassage } from "../../../shared/protocol/knowledge/retrieved-passage.ts";
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
  return html`<li>
    ${n} ${nameView({ title, url, removed })} ${quote === "" ? nothing : html`<p dir="auto">${quote}</p>`}
  </li>`;
}

function nameView({
  title,
  url,
  removed,
}: {
  title: string;
  url: string;
  removed?: boolean | undefined;
}): TemplateResult {
  const name = removed ? texts.sourceRemoved : title || texts.sourceUntitled;
  return /^https?:/i.test(url)
    ? html`<a href=${url} target="_blank" rel="noopener noreferrer" dir="auto">${name}</a>`
    : html`<span dir="auto">${name}</span>`;
}

/**
 * Passages that a reply was made from, cited or not.
 * @param passages undefined until they were read, which unfolding asks for
 */
export function retrievedPassages(
  count: number,
  passages: readonly RetrievedPassage[] | undefined,
  onUnfold: () => void,
): TemplateResult {
  const onToggle = (event: Event) => {
    if ((event.currentTarget as HTMLDetailsElement).open) onUnfold();
  };
  return html`<details class="sources passages" @toggle=${onToggle}>
    <summary>${texts.passages(count)}</summary>
    <ul>
      ${passages?.map(
        (passage) =>
          html`<li>
            ${passage.no} ${nameView(passage)}
            ${passage.heading === "" ? nothing : html`<span dir="auto">${passage.heading}</span>`}
            <small>${passage.cited ? texts.cited : texts.notCited}</small>
          </li>`,
      )}
    </ul>
  </details>`;
}
