import { html, type DefaultTreeAdapterTypes } from "parse5";

export type HtmlNode = DefaultTreeAdapterTypes.Node;
export type HtmlElement = DefaultTreeAdapterTypes.Element;
export type HtmlParent = DefaultTreeAdapterTypes.ParentNode;

export function isElement(node: HtmlNode): node is HtmlElement {
  return "tagName" in node;
}

export function isTextNode(node: HtmlNode): node is DefaultTreeAdapterTypes.TextNode {
  return node.nodeName === "#text";
}

export function childrenOf(node: HtmlNode): HtmlNode[] {
  return "childNodes" in node ? node.childNodes : [];
}

export function attributeOf(element: HtmlElement, name: string): string | undefined {
  return element.attrs.find((attribute) => attribute.name === name)?.value;
}

/** First word of `role` in lower case, or an empty string. */
export function ariaRoleOf(element: HtmlElement): string {
  return attributeOf(element, "role")?.trim().toLowerCase().split(/\s+/)[0] ?? "";
}

export function isHtmlElement(node: HtmlNode, ...names: string[]): node is HtmlElement {
  return isElement(node) && node.namespaceURI === html.NS.HTML && names.includes(node.tagName);
}

interface TreeVisitor {
  /** Called before a node's children; with `false` they are skipped, and `leave` is not called. */
  enter: (node: HtmlNode) => boolean;
  leave?: (node: HtmlNode) => void;
}

/** Walks a tree in order, without recursion: broken pages nest thousands of elements. */
export function walkTree(root: HtmlNode, { enter, leave }: TreeVisitor): void {
  const open: { node: HtmlNode; next: number }[] = [];
  if (enter(root)) open.push({ node: root, next: 0 });
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const child = childrenOf(top.node)[top.next++];
    if (child === undefined) {
      open.pop();
      leave?.(top.node);
    } else if (enter(child)) {
      open.push({ node: child, next: 0 });
    }
  }
}

/** Elements under `root` that fit, outermost first. The insides of one that fits are not searched. */
export function findElements(root: HtmlNode, fits: (element: HtmlElement) => boolean): HtmlElement[] {
  const found: HtmlElement[] = [];
  walkTree(root, {
    enter: (node) => {
      if (node === root || !isElement(node) || !fits(node)) return true;
      found.push(node);
      return false;
    },
  });
  return found;
}

export function hasAncestor(element: HtmlElement, fits: (ancestor: HtmlElement) => boolean): boolean {
  for (let node = element.parentNode; node !== null && isElement(node); node = node.parentNode) {
    if (fits(node)) return true;
  }
  return false;
}

/** All text under a node, as it is written. */
export function rawTextOf(root: HtmlNode): string {
  const pieces: string[] = [];
  walkTree(root, {
    enter: (node) => {
      if (isTextNode(node)) pieces.push(node.value);
      return true;
    },
  });
  return pieces.join("");
}
