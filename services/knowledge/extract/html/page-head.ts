import { visibleText } from "../visible-text.ts";
import { attributeOf, findElements, isHtmlElement, rawTextOf, type HtmlElement, type HtmlNode } from "./html-tree.ts";

/** Declarations of a page about itself. */
interface PageHead {
  title: string;
  language?: string;
  canonical?: string;
  noindex: boolean;
}

/** Reads title, language, canonical address and the request not to be indexed. `url` is the page's address. */
export function readHead(document: HtmlNode, url: string): PageHead {
  const elements = findElements(document, (element) => isHtmlElement(element, "title", "meta", "link", "base"));
  const metaTags = elements.filter((element) => element.tagName === "meta");
  const title = elements.find((element) => element.tagName === "title" && visibleText(rawTextOf(element)) !== "");
  const language = languageOf(document, metaTags);
  const canonical = canonicalOf(elements, url);
  return {
    title: visibleText(title === undefined ? (metaOf(metaTags, "og:title") ?? "") : rawTextOf(title)),
    ...(language === undefined ? {} : { language }),
    ...(canonical === undefined ? {} : { canonical }),
    // `none` is short for noindex and nofollow.
    noindex: metaTags
      .filter((meta) => nameOf(meta) === "robots")
      .some((meta) => /(?:^|[\s,])(?:noindex|none)(?:$|[\s,])/i.test(attributeOf(meta, "content") ?? "")),
  };
}

function nameOf(meta: HtmlElement): string {
  return (attributeOf(meta, "name") ?? attributeOf(meta, "property") ?? "").trim().toLowerCase();
}

function metaOf(metaTags: readonly HtmlElement[], name: string): string | undefined {
  const found = metaTags.find((meta) => nameOf(meta) === name);
  return found === undefined ? undefined : attributeOf(found, "content");
}

function languageOf(document: HtmlNode, metaTags: readonly HtmlElement[]): string | undefined {
  const [root] = findElements(document, (element) => isHtmlElement(element, "html"));
  const header = metaTags.find((meta) => attributeOf(meta, "http-equiv")?.toLowerCase() === "content-language");
  const declared = [
    root === undefined ? undefined : languageAttributeOf(root),
    header === undefined ? undefined : attributeOf(header, "content")?.split(",")[0],
    metaOf(metaTags, "og:locale"),
  ];
  return declared.map(toLanguageTag).find((tag) => tag !== undefined);
}

export function languageAttributeOf(element: HtmlElement): string | undefined {
  return toLanguageTag(attributeOf(element, "lang") ?? attributeOf(element, "xml:lang"));
}

/** A language as pages write it (`de_DE`, `EN-us`) as a BCP 47 tag, or undefined for what is none. */
function toLanguageTag(written: string | undefined): string | undefined {
  const tag = written?.trim().replaceAll("_", "-") ?? "";
  if (!/^[a-z]{2,3}(?:-[a-z\d]{2,8})*$/i.test(tag)) return undefined;
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}

function canonicalOf(elements: readonly HtmlElement[], url: string): string | undefined {
  const base = elements.find((element) => element.tagName === "base" && attributeOf(element, "href") !== undefined);
  const link = elements.find((element) => {
    const relations = attributeOf(element, "rel")?.toLowerCase().split(/\s+/) ?? [];
    return element.tagName === "link" && relations.includes("canonical");
  });
  const href = link === undefined ? undefined : attributeOf(link, "href")?.trim();
  if (href === undefined || href === "") return undefined;
  const from = URL.parse((base === undefined ? undefined : attributeOf(base, "href")) ?? "", url) ?? URL.parse(url);
  const address = URL.parse(href, from?.href);
  return address !== null && /^https?:$/.test(address.protocol) ? address.href : undefined;
}
