import { html, nothing, type TemplateResult } from "lit/html.js";
import type { CitedSource } from "../../chat/cited-source.ts";
import type { Locale } from "../../i18n/languages.ts";
import { sourceStringsByLanguage } from "../../i18n/source-strings.ts";
import type { SourceViews } from "../view-model.ts";
import { PassagePart } from "./passage-part.ts";
import styles from "./sources.css";

export const sourceStyles = styles;

/** Limit of a list below a reply: the numbers in the text show the rest. */
const maxListed = 12;

/** A source in the visitor's language. */
interface NamedSource {
  readonly number: string;
  readonly title: string;
  readonly label: string;
  readonly quote: string;
  readonly removed: boolean;
  /** Absent if no page of the web has it. */
  readonly url: string | undefined;
}

export function sourceViewsIn({ language, tag }: Locale): SourceViews {
  const strings = sourceStringsByLanguage[language];
  const format = new Intl.NumberFormat(tag);
  const passage = new PassagePart();

  function named({ n, title: given, url, quote, removed = false }: CitedSource): NamedSource {
    const number = format.format(n);
    const title = removed ? strings.removed : given || (URL.parse(url)?.host ?? "") || strings.sources;
    const isOfTheWeb = /^https?:\/\//i.test(url);
    return { number, title, label: strings.source(number, title), quote, removed, url: isOfTheWeb ? url : undefined };
  }

  return {
    numbers: (sources) => ({
      marks: sources,
      view: (n) => {
        const source = sources.find((each) => each.n === n);
        return source === undefined ? nothing : numberView(named(source), passage);
      },
    }),
    list: ({ phase, sources = [] }) => {
      if (sources.length === 0 || phase === "queued" || phase === "writing") return nothing;
      const listed = [...new Map(sources.map((source) => [source.n, source])).values()]
        .toSorted((a, b) => a.n - b.n)
        .slice(0, maxListed);
      return html`<div class="sources" part="sources">
        <p>${strings.sources}</p>
        <ol role="list">
          ${listed.map((source) => entryView(named(source)))}
        </ol>
      </div>`;
    },
    dismiss: () => passage.hide(),
  };
}

/** A word joiner keeps the number on the line of its word. */
function numberView(source: NamedSource, passage: PassagePart): TemplateResult {
  return html`<span class="cited"
    >⁠<button
      type="button"
      part="source-number"
      aria-label=${source.label}
      @click=${({ currentTarget }: Event) => passage.turn((box) => box.toggle(currentTarget, source))}
      @focus=${({ currentTarget }: Event) => passage.turn((box) => box.focused(currentTarget, source))}
      @blur=${({ relatedTarget }: FocusEvent) => passage.turnAway((box) => box.blurred(relatedTarget))}
      @pointerenter=${({ pointerType, currentTarget }: PointerEvent) =>
        passage.turn((box) => box.entered(currentTarget, pointerType, source))}
      @pointerleave=${(event: PointerEvent) => passage.turnAway((box) => box.left(event))}
    >
      ${source.number}
    </button></span
  >`;
}

function entryView({ number, title, label, removed, url }: NamedSource): TemplateResult {
  const name =
    url === undefined
      ? html`<span class="visually-hidden">${label}</span
          ><span class="title" aria-hidden="true" dir="auto" ?data-removed=${removed}>${title}</span>`
      : html`<a
          class="title"
          part="source"
          dir="auto"
          href=${url}
          target="_blank"
          rel="noopener noreferrer"
          aria-label=${label}
          >${title}</a
        >`;
  return html`<li><span class="number" aria-hidden="true">${number}</span>${name}</li>`;
}
