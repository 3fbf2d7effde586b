import {
  attributeOf,
  childrenOf,
  findElements,
  isElement,
  isHtmlElement,
  walkTree,
  type HtmlElement,
  type HtmlNode,
  type HtmlParent,
} from "./html-tree.ts";

/**
 * Puts the content of declarative shadow roots (`<template shadowrootmode>`) in place of the templates, with the host's
 * children in their slots, as a browser shows it. Children without a slot follow: a script may still show them.
 */
export function flattenShadowRoots(root: HtmlNode): void {
  walkTree(root, {
    enter: (node) => {
      const shadow = shadowRootOf(node);
      if (shadow !== undefined && isElement(node)) flatten(node, shadow);
      return true;
    },
  });
}

function shadowRootOf(node: HtmlNode): HtmlElement | undefined {
  return childrenOf(node).find((child): child is HtmlElement => {
    return isHtmlElement(child, "template") && attributeOf(child, "shadowrootmode") !== undefined;
  });
}

function flatten(host: HtmlElement, shadow: HtmlElement): void {
  if (!("content" in shadow)) return;
  const content = shadow.content as HtmlParent;
  const light = host.childNodes.filter((child) => child !== shadow);
  const slotted = new Set<HtmlNode>();
  for (const slot of findElements(content, (element) => element.tagName === "slot")) {
    const name = attributeOf(slot, "name") ?? "";
    const chosen = light.filter((child) => !slotted.has(child) && slotOf(child) === name);
    for (const child of chosen) slotted.add(child);
    // An empty slot shows its own content.
    if (chosen.length > 0) adopt(slot, chosen);
  }
  adopt(host, [...content.childNodes, ...light.filter((child) => !slotted.has(child))]);
}

function slotOf(node: HtmlNode): string {
  return isElement(node) ? (attributeOf(node, "slot") ?? "") : "";
}

function adopt(parent: HtmlElement, children: HtmlElement["childNodes"]): void {
  for (const child of children) child.parentNode = parent;
  parent.childNodes = children;
}
