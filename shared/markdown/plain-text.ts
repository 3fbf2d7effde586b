import type { Block, Inline } from "./syntax-tree.ts";

/**
 * Converts a block to text for screen readers: its words without signs. Each part has its own line, so that they don't
 * run together.
 */
export function plainText(block: Block): string {
  switch (block.type) {
    case "paragraph":
    case "heading":
      return inlineText(block.inline);
    case "code":
      return block.text;
    case "quote":
      return block.blocks.map(plainText).join("\n");
    case "list":
      return block.items.flatMap(({ blocks }) => blocks.map(plainText)).join("\n");
    case "table":
      return [block.head, ...block.rows]
        .map((row) => row.map(({ inline }) => inlineText(inline)).join(", "))
        .join("\n");
    case "rule":
      return "";
  }
}

export function inlineText(inline: readonly Inline[]): string {
  return inline.map(partText).join("");
}

function partText(part: Inline): string {
  if (typeof part === "string") return part;
  if (part.type === "break") return "\n";
  if (part.type === "source") return "";
  return part.type === "code" ? part.text : inlineText(part.inline);
}
