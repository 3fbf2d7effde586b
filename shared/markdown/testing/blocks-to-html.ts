import type { Block, Cell, Inline } from "../syntax-tree.ts";

/** Writes a reply's tree as the HTML that the page gets, without the page's own attributes. */
export function blocksToHtml(blocks: readonly Block[]): string {
  return blocks.map(blockHtml).join("");
}

function blockHtml(block: Block): string {
  switch (block.type) {
    case "paragraph":
      return `<p>${inlineHtml(block.inline)}</p>`;
    case "heading":
      return `<h${block.depth}>${inlineHtml(block.inline)}</h${block.depth}>`;
    case "code":
      return `<pre><code${block.language && ` class="language-${block.language}"`}>${escape(block.text)}</code></pre>`;
    case "quote":
      return `<blockquote>${blocksToHtml(block.blocks)}</blockquote>`;
    case "rule":
      return "<hr>";
    case "list": {
      const tag = block.start === undefined ? "ul" : "ol";
      const start = block.start === undefined || block.start === 1 ? "" : ` start="${block.start}"`;
      const items = block.items.map(({ done, blocks }) => {
        const task = done === undefined ? "" : done ? "[x] " : "[ ] ";
        const parts = blocks.map((each, index) => {
          if (each.type !== "paragraph") return blockHtml(each);
          return (blocks[index - 1]?.type === "paragraph" ? "\n" : "") + inlineHtml(each.inline);
        });
        return `<li>${task}${parts.join("")}</li>`;
      });
      return `<${tag}${start}>${items.join("")}</${tag}>`;
    }
    case "table": {
      const row = (cells: readonly Cell[], tag: string) =>
        `<tr>${cells.map(({ align, inline }) => `<${tag}${align ? ` align="${align}"` : ""}>${inlineHtml(inline)}</${tag}>`).join("")}</tr>`;
      const body =
        block.rows.length === 0 ? "" : `<tbody>${block.rows.map((cells) => row(cells, "td")).join("")}</tbody>`;
      return `<table><thead>${row(block.head, "th")}</thead>${body}</table>`;
    }
  }
}

function inlineHtml(inline: readonly Inline[]): string {
  return inline.map(partHtml).join("");
}

function partHtml(part: Inline): string {
  if (typeof part === "string") return escape(part);
  switch (part.type) {
    case "break":
      return "<br>";
    case "source":
      return `<sup>${part.n}</sup>`;
    case "code":
      return `<code>${escape(part.text)}</code>`;
    case "link":
      return `<a href="${escape(part.href)}">${inlineHtml(part.inline)}</a>`;
    case "strong":
    case "em":
    case "del":
      return `<${part.type}>${inlineHtml(part.inline)}</${part.type}>`;
  }
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "quot" }[sign] ?? "#39"};`);
}
