import type { HtmlNode } from "../html-tree.ts";
import { attributeOf, findElements, isHtmlElement, rawTextOf } from "../html-tree.ts";
import { parseForgivingJson } from "./forgiving-json.ts";
import { describeHours, isPlaceWithHours } from "./opening-hours.ts";
import { describeOffer, describeProduct } from "./offers.ts";
import { readQuestion, type StructuredQuestion } from "./questions.ts";
import { isSchemaNode, nodesOf, typesOf, type SchemaNode, type StructuredFact } from "./schema-node.ts";

export interface StructuredText {
  questions: StructuredQuestion[];
  facts: StructuredFact[];
  notes: string[];
}

const maxNodes = 20_000;
const maxFacts = 200;

/** Reads questions, products, offers and opening hours from the JSON-LD of a page, in whatever graph or list they are. */
export function readStructuredText(document: HtmlNode, language: string | undefined): StructuredText {
  const scripts = findElements(document, (element) => {
    const type = attributeOf(element, "type")?.split(";")[0]?.trim().toLowerCase();
    return isHtmlElement(element, "script") && type === "application/ld+json";
  });
  const texts = scripts.map(rawTextOf).filter((text) => text.trim() !== "");
  const data = texts.map(parseForgivingJson);
  const nodes = resolveReferences(collectNodes(data));
  const unreadable = data.filter((value) => value === undefined).length;
  return {
    questions: nodes.flatMap((node) => readQuestion(node) ?? []),
    facts: readFacts(nodes, language).slice(0, maxFacts),
    notes:
      unreadable === 0 ? [] : [`structured data that is no JSON was left out: ${unreadable} of ${texts.length} blocks`],
  };
}

function readFacts(nodes: readonly SchemaNode[], language: string | undefined): StructuredFact[] {
  const products = nodes.filter((node) =>
    typesOf(node).some((type) => /^Product(?:Group|Model)?$|^Vehicle$|^Book$/.test(type)),
  );
  const owned = new Set(
    products.flatMap((product) => nodesOf(product, "offers")).flatMap((offer) => [offer, ...nodesOf(offer, "offers")]),
  );
  const offers = nodes.filter(
    (node) => typesOf(node).some((type) => /^(?:Aggregate)?Offer$/.test(type)) && !owned.has(node),
  );
  const facts = [
    ...products.map(describeProduct),
    ...offers.map(describeOffer),
    ...nodes.filter(isPlaceWithHours).map((place) => describeHours(place, language)),
  ].filter((fact) => fact !== undefined);
  return [...new Map(facts.map((fact) => [fact.text, fact])).values()];
}

/** All objects of the data, outermost first. */
function collectNodes(data: readonly unknown[]): SchemaNode[] {
  const nodes: SchemaNode[] = [];
  const waiting = data.toReversed();
  while (waiting.length > 0 && nodes.length < maxNodes) {
    const value = waiting.pop();
    if (isSchemaNode(value)) nodes.push(value);
    const inner = Array.isArray(value) ? (value as unknown[]) : isSchemaNode(value) ? Object.values(value) : [];
    for (const part of inner.toReversed()) waiting.push(part);
  }
  return nodes;
}

/** Puts objects in place of references to them (`{"@id": "#offer"}`), one level deep: graphs may be circular. */
function resolveReferences(nodes: readonly SchemaNode[]): SchemaNode[] {
  const known = new Map(nodes.filter((node) => !isReference(node)).map((node) => [node["@id"], node]));
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    return isSchemaNode(value) && isReference(value) ? (known.get(value["@id"]) ?? value) : value;
  };
  const resolved = nodes.filter((node) => !isReference(node));
  return resolved.map((node) => {
    const entries = Object.entries(node);
    const refers = entries.some(([, value]) => [value].flat().some((part) => isSchemaNode(part) && isReference(part)));
    return refers ? Object.fromEntries(entries.map(([key, value]) => [key, resolve(value)])) : node;
  });
}

function isReference(node: SchemaNode): boolean {
  return Object.keys(node).length === 1 && typeof node["@id"] === "string";
}
