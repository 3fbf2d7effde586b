import MarkdownIt from "markdown-it";
import { Marked } from "marked";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { BlockReader } from "../../shared/markdown/block-reader.ts";
import type { Block, Inline } from "../../shared/markdown/syntax-tree.ts";

/** Address of a link or an image in a rendered text, as the browser receives it. */
export interface RenderedLink {
  renderer: string;
  href: string;
}

/** HTML in a reply is shown as text: its effect in browsers is not promised. */
const marked = new Marked({ gfm: true, renderer: { html: ({ text }) => escapeHtml(text) } });
const markdownIt = new MarkdownIt({ linkify: true });
// Names without a scheme are not links, as documented. A target that one renderer refuses is linked by another one.
markdownIt.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
markdownIt.validateLink = () => true;
const micromarkOptions = { allowDangerousProtocol: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] };

const renderers: Record<string, (text: string) => string[]> = {
  marked: (text) => addressesIn(marked.parse(text, { async: false })),
  "markdown-it": (text) => addressesIn(markdownIt.render(text)),
  micromark: (text) => addressesIn(micromark(text, micromarkOptions)),
  widget: (text) => linksOfBlocks(new BlockReader().read(text, true)),
  "growing widget": (text) => linksOfBlocks(new BlockReader().read(text, false)),
};

/** Lists all links and images that Markdown renderers find in a text. */
export function renderLinks(text: string): RenderedLink[] {
  return Object.entries(renderers).flatMap(([renderer, find]) => find(text).map((href) => ({ renderer, href })));
}

/** Extracts addresses; the renderers write all attributes in double quotes. */
function addressesIn(html: string): string[] {
  return Array.from(html.matchAll(/ (?:href|src)="([^"]*)"/g), ([, value = ""]) => decodeHtml(value));
}

function linksOfBlocks(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block) => {
    switch (block.type) {
      case "paragraph":
      case "heading":
        return linksOf(block.inline);
      case "quote":
        return linksOfBlocks(block.blocks);
      case "list":
        return block.items.flatMap((item) => linksOfBlocks(item.blocks));
      case "table":
        return [block.head, ...block.rows].flat().flatMap((cell) => linksOf(cell.inline));
      case "code":
      case "rule":
        return [];
    }
  });
}

function linksOf(inline: readonly Inline[]): string[] {
  return inline.flatMap((part) => {
    if (typeof part === "string" || !("inline" in part)) return [];
    return part.type === "link" ? [part.href, ...linksOf(part.inline)] : linksOf(part.inline);
  });
}

const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"' };

function decodeHtml(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return named[name] ?? whole;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal));
  });
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
