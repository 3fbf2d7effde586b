import { guard } from "lit/directives/guard.js";
import { html, nothing, type TemplateResult } from "lit/html.js";
import { inlineText } from "./plain-text.ts";
import type { SourceMark } from "./source-marks.ts";
import type { Block, Cell, Inline, ListItem } from "./syntax-tree.ts";

/** Inputs for rendering a reply beside its text. */
export interface MarkdownContext {
  /** Names of a block of code, of its button and of a table, in the reader's language. */
  readonly strings: { readonly code: string; readonly copyCode: string; readonly table: string };
  readonly copyCode: (code: string, button: HTMLElement) => void;
  /** Sources of the reply. Where they are absent, their numbers are not shown. */
  readonly sources?: { readonly marks: readonly SourceMark[]; readonly view: (n: number) => unknown } | undefined;
}

const rightToLeftLetter = /[\p{scx=Arab}\p{scx=Hebr}]/u;

/**
 * Renders a reply as elements, one by one. HTML is never parsed: markup in a reply stays text. This file alone creates
 * elements, attributes and link targets from a reply.
 */
export function renderBlocks(blocks: readonly Block[], context: MarkdownContext): unknown {
  return blocks.map((block) => guard([block, context], () => renderBlock(block, context, "auto")));
}

/** @param dir only top-level blocks have a direction of their own; inner text follows its first letters */
function renderBlock(block: Block, context: MarkdownContext, dir: "auto" | typeof nothing = nothing): TemplateResult {
  switch (block.type) {
    case "paragraph":
      return html`<p dir=${dir}>${renderInline(block.inline, context)}</p>`;
    case "heading":
      // One heading level for all: a reply is no chapter of the page, and models skip levels.
      return html`<h3 dir=${dir} data-depth=${block.depth}>${renderInline(block.inline, context)}</h3>`;
    case "code":
      return renderCode(block.language, block.text, context);
    case "quote":
      return html`<blockquote dir=${dir}>${block.blocks.map((each) => renderBlock(each, context))}</blockquote>`;
    case "list": {
      const items = block.items.map((item) => guard([item, context], () => renderItem(item, context)));
      if (block.start === undefined)
        return html`<ul dir=${dir}>
          ${items}
        </ul>`;
      return html`<ol dir=${dir} start=${block.start}>
        ${items}
      </ol>`;
    }
    case "table":
      return renderTable(block, context);
    case "rule":
      return html`<hr />`;
  }
}

function renderCode(language: string, text: string, { strings, copyCode }: MarkdownContext): TemplateResult {
  return html`<figure class="code" dir="ltr" part="code">
    <figcaption>
      <span>${language}</span>
      <button
        type="button"
        class="plain"
        @click=${({ currentTarget }: Event) => copyCode(text, currentTarget as HTMLElement)}
      >
        ${strings.copyCode}
      </button>
    </figcaption>
    <pre tabindex="0" role="region" aria-label=${strings.code}><code>${text}</code></pre>
  </figure>`;
}

/** Renders an item's text without a paragraph, so that short items stay close together. */
function renderItem({ done, blocks }: ListItem, context: MarkdownContext): TemplateResult {
  return html`<li data-task=${done ?? nothing}>
    ${done === undefined ? nothing : done ? "☑ " : "☐ "}${blocks.map((block, index) =>
      block.type === "paragraph" && index === 0
        ? html`<span>${renderInline(block.inline, context)}</span>`
        : renderBlock(block, context),
    )}
  </li>`;
}

function renderTable({ head, rows }: Extract<Block, { type: "table" }>, context: MarkdownContext): TemplateResult {
  return html`<div
    class="table"
    dir=${directionOf(head)}
    tabindex="0"
    role="region"
    aria-label=${context.strings.table}
  >
    <table>
      <thead>
        <tr>
          ${head.map((cell) => renderHeaderCell(cell, context))}
        </tr>
      </thead>
      <tbody>
        ${rows.map((row) =>
          guard(
            [row, context],
            () =>
              html`<tr>
                ${row.map((cell) => renderCell(cell, context))}
              </tr>`,
          ),
        )}
      </tbody>
    </table>
  </div>`;
}

/**
 * Returns the direction of most headers: the columns of an Arabic table begin at the right, also if the first header is a
 * brand. The head is complete before the table is shown, so the columns never change sides.
 */
function directionOf(head: readonly Cell[]): "ltr" | "rtl" {
  const letters = head.map(({ inline }) => /\p{L}/u.exec(inlineText(inline))?.[0] ?? "");
  const rightToLeft = letters.filter((letter) => rightToLeftLetter.test(letter)).length;
  return 2 * rightToLeft >= letters.filter((letter) => letter !== "").length && rightToLeft > 0 ? "rtl" : "ltr";
}

function renderHeaderCell({ align, inline }: Cell, context: MarkdownContext): TemplateResult {
  return html`<th scope="col" dir="auto" data-align=${align ?? nothing}>${renderInline(inline, context)}</th>`;
}

function renderCell({ align, inline }: Cell, context: MarkdownContext): TemplateResult {
  return html`<td dir="auto" data-align=${align ?? nothing}>${renderInline(inline, context)}</td>`;
}

function renderInline(inline: readonly Inline[], context: MarkdownContext): unknown[] {
  return inline.map((part) => renderPart(part, context));
}

function renderPart(part: Inline, context: MarkdownContext): unknown {
  if (typeof part === "string") return part;
  switch (part.type) {
    case "strong":
      return html`<strong>${renderInline(part.inline, context)}</strong>`;
    case "em":
      return html`<em>${renderInline(part.inline, context)}</em>`;
    case "del":
      return html`<del>${renderInline(part.inline, context)}</del>`;
    case "code":
      return html`<code dir="ltr">${part.text}</code>`;
    case "break":
      return html`<br />`;
    case "source":
      return context.sources?.view(part.n) ?? nothing;
    case "link": {
      const address = safeUrl(part.href, document.baseURI);
      if (address === undefined) return html`<span>${renderInline(part.inline, context)}</span>`;
      return html`<a href=${address} target="_blank" rel="noopener noreferrer nofollow" part="link"
        >${renderInline(part.inline, context)}</a
      >`;
    }
  }
}

const allowedProtocols: readonly string[] = ["http:", "https:", "mailto:", "tel:"];

/**
 * Returns the target of a reply's link if it is safe. The check applies to the address as the browser parses it, not to
 * its spelling.
 * @param base the page, for an address without a host
 */
export function safeUrl(address: string, base: string): string | undefined {
  if (!URL.canParse(address, base)) return undefined;
  const { protocol, href } = new URL(address, base);
  return allowedProtocols.includes(protocol) ? href : undefined;
}
