import { countLetters } from "../visible-text.ts";
import {
  attributeOf,
  findElements,
  hasAncestor,
  isElement,
  isHtmlElement,
  isTextNode,
  ariaRoleOf,
  walkTree,
  type HtmlElement,
  type HtmlNode,
} from "./html-tree.ts";

const invisible = new Set(
  "script style template noscript svg canvas iframe object embed audio video map datalist textarea head rp rt".split(
    " ",
  ),
);
const frameRoles = new Set("navigation search dialog alertdialog menu menubar toolbar banner contentinfo".split(" "));
/** A box about cookies is short; a page about cookies is not a box. */
const maxCookieBoxLetters = 1500;

/** The elements that hold a page's main text, in order. None is inside another one. */
export function findMainText(body: HtmlElement): HtmlElement[] {
  const mains = findElements(body, (element) => isMain(element) && !hasAncestor(element, isFrameElement));
  if (mains.some((main) => hasParagraphs(main))) return mains;
  const articles = findElements(body, (element) => isHtmlElement(element, "article"));
  const [sole] = articles;
  // A single teaser on a page of other text is no article of its own.
  if (sole !== undefined && articles.length === 1 && 4 * lettersOf(sole) >= lettersOf(body)) return [sole];
  return [body];
}

/** Number of letters of text that readers can see, frame included. */
export function lettersOf(root: HtmlNode, isLeftOut: (element: HtmlElement) => boolean = isInvisible): number {
  let letters = 0;
  walkTree(root, {
    enter: (node) => {
      if (isTextNode(node)) letters += countLetters(node.value);
      return !isElement(node) || node === root || !isLeftOut(node);
    },
  });
  return letters;
}

export function isInvisible(element: HtmlElement): boolean {
  return invisible.has(element.tagName);
}

/**
 * Tells whether an element belongs to the frame of the page: navigation, search, dialogs, cookie boxes, and headers and
 * footers outside the content. Hidden elements are content: collapsed answers are hidden.
 */
export function isFrameElement(element: HtmlElement): boolean {
  const role = ariaRoleOf(element);
  if (frameRoles.has(role)) return !isPageEdge(element, role) || !hasAncestor(element, isContent);
  if (isHtmlElement(element, "nav", "search", "dialog")) return true;
  if (attributeOf(element, "aria-modal") === "true") return true;
  if (isPageEdge(element, role)) return !hasAncestor(element, isContent);
  return isCookieBox(element);
}

function isPageEdge(element: HtmlElement, role: string): boolean {
  if (role === "banner" || role === "contentinfo") return true;
  return role === "" && isHtmlElement(element, "header", "footer");
}

function isContent(element: HtmlElement): boolean {
  return isMain(element) || isHtmlElement(element, "article", "section", "aside", "blockquote");
}

export function isMain(element: HtmlElement): boolean {
  return isHtmlElement(element, "main") || ariaRoleOf(element) === "main";
}

/** Text other than headings: a `main` with a title alone has its text elsewhere. */
function hasParagraphs(main: HtmlElement): boolean {
  return lettersOf(main, isNoParagraph) > 0;
}

function isNoParagraph(element: HtmlElement): boolean {
  return isInvisible(element) || isFrameElement(element) || /^h[1-6]$/.test(element.tagName);
}

/** The one kind of frame that has no element of its own: a short box with buttons, named after cookies or consent. */
function isCookieBox(element: HtmlElement): boolean {
  const name = `${attributeOf(element, "id") ?? ""} ${attributeOf(element, "class") ?? ""}`;
  if (!/cookie|consent|gdpr|onetrust|usercentrics/i.test(name)) return false;
  if (isHtmlElement(element, "body", "main", "article") || hasAncestor(element, isOwnText)) return false;
  if (findElements(element, isChoice).length === 0) return false;
  return findElements(element, isOwnText).length === 0 && lettersOf(element) <= maxCookieBoxLetters;
}

function isOwnText(element: HtmlElement): boolean {
  return isMain(element) || isHtmlElement(element, "article", "h1");
}

/** A control that closes the box. A button that opens an answer is none. */
function isChoice(element: HtmlElement): boolean {
  if (isHtmlElement(element, "button", "input")) return attributeOf(element, "aria-controls") === undefined;
  const leads = /^(?!#|javascript:)/i.test(attributeOf(element, "href") ?? "#");
  return isHtmlElement(element, "a") && (ariaRoleOf(element) === "button" || !leads);
}
