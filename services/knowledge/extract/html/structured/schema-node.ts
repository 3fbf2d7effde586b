import { parseFragment } from "parse5";
import type { ExtractedLine } from "../../extracted-page.ts";
import { visibleText } from "../../visible-text.ts";
import { findElements } from "../html-tree.ts";
import { readLines } from "../line-reader.ts";
import { isInvisible } from "../main-text.ts";

/** An object of JSON-LD data. */
export type SchemaNode = Readonly<Record<string, unknown>>;

/** A fact in one line, with the values that say whether the page already shows it. */
export interface StructuredFact {
  text: string;
  values: string[];
}

export function isSchemaNode(value: unknown): value is SchemaNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Values of a property, whether it was written as one value or as a list. */
export function valuesOf(node: SchemaNode, property: string): unknown[] {
  const value = node[property];
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.flat(3) : [value];
}

export function nodesOf(node: SchemaNode, property: string): SchemaNode[] {
  return valuesOf(node, property).filter(isSchemaNode);
}

/** Types without their prefix: `https://schema.org/FAQPage` and `schema:FAQPage` are `FAQPage`. */
export function typesOf(node: SchemaNode): string[] {
  return valuesOf(node, "@type").map((type) => withoutPrefix(String(type)));
}

export function withoutPrefix(name: string): string {
  return name.split(/[/:#]/).at(-1) ?? name;
}

/** First text of a property, in one line, or an empty string. */
export function textOf(node: SchemaNode, property: string): string {
  for (const value of valuesOf(node, property)) {
    const text = plainValue(value);
    if (text !== "") return text;
  }
  return "";
}

function plainValue(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string")
    return linesOfValue(value)
      .map(({ text }) => text)
      .join(" ");
  // A text with its language, or a thing with its name.
  if (isSchemaNode(value)) return plainValue(value["@value"] ?? value["name"] ?? "");
  return "";
}

/** Lines of a text that may be HTML, or HTML that was escaped once more. */
export function linesOfValue(value: string): ExtractedLine[] {
  let html = value;
  for (let times = 0; times < 3; times += 1) {
    if (!looksLikeHtml(html))
      return html
        .split(/\n/)
        .map((text) => ({ text: visibleText(text) }))
        .filter(({ text }) => text !== "");
    const lines = readHtml(html);
    if (!lines.some(({ text }) => looksLikeHtml(text))) return lines;
    html = lines.map(({ text }) => text).join("\n");
  }
  return readHtml(html);
}

function looksLikeHtml(text: string): boolean {
  return /<\/?[a-z][a-z\d]*(?:\s[^<>]*)?\/?>|&(?:#\d+|#x[\da-f]+|[a-z]+\d*);/i.test(text);
}

function readHtml(html: string): ExtractedLine[] {
  const [root] = findElements(parseFragment(`<body-of-text><div>${html}</div></body-of-text>`), () => true);
  return root === undefined ? [] : readLines([root], isInvisible).lines;
}
