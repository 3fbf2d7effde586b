// The name is lit's, the content what its compiler of templates uses: the classes of bound attributes.
import { PartType } from "lit-html/directive.js";
import { _$LH as lit } from "lit-html/private-ssr-support.js";

export * from "lit-html";

/** Stands for a value in the text of a template. */
const hole = "\0";
const token = /<(\/?)([a-z][\w-]*)((?:[^>"]|"[^"]*")*?)(\/?)>|[^<]+/g;
const attribute = /([^\s="]+)(?:="([^"]*)"|=([^\s"]+))?/g;
const svgNamespace = "http://www.w3.org/2000/svg";
const htmlNamespace = "http://www.w3.org/1999/xhtml";

interface Part {
  readonly type: number;
  readonly index: number;
  readonly name?: string;
  readonly strings?: readonly string[];
  readonly ctor?: unknown;
}

/**
 * Template as lit expects it from its own compiler, built element by element at its first use. lit would assign markup
 * to `innerHTML`: a page's Trusted Types policy may refuse that, and a page in XHTML reads it as XML, where lit's marks
 * are errors.
 */
class ElementTemplate {
  readonly h: TemplateStringsArray;
  readonly parts: Part[] = [];
  #element: HTMLTemplateElement | undefined;
  /** Index of the newest element or comment, in document order. */
  #index = -1;

  constructor(strings: TemplateStringsArray) {
    this.h = strings;
  }

  get el(): HTMLTemplateElement {
    return (this.#element ??= this.#build());
  }

  #build(): HTMLTemplateElement {
    const template = document.createElement("template");
    let parent: Node = template.content;
    for (const [text, end, name, attributes = "", closed] of this.h.join(hole).matchAll(token)) {
      if (name === undefined) this.#addText(parent, text);
      else if (end) parent = parent.parentNode ?? parent;
      else {
        const element = this.#addElement(parent, name, attributes);
        if (!closed) parent = element;
      }
    }
    return template;
  }

  #addElement(parent: Node, name: string, attributes: string): Element {
    const inSvg = name === "svg" || (parent instanceof Element && parent.namespaceURI === svgNamespace);
    const element = document.createElementNS(inSvg ? svgNamespace : htmlNamespace, name);
    parent.appendChild(element);
    this.#index++;
    for (const [, key = "", quoted, unquoted] of attributes.matchAll(attribute)) {
      const value = quoted ?? unquoted ?? "";
      if (value.includes(hole)) this.parts.push(this.#attributePart(key, value.split(hole)));
      else element.setAttribute(key, value);
    }
    return element;
  }

  #attributePart(key: string, strings: readonly string[]): Part {
    const kinds: Record<string, unknown> = { ".": lit.PropertyPart, "?": lit.BooleanAttributePart, "@": lit.EventPart };
    const kind = kinds[key.charAt(0)];
    const name = kind === undefined ? key : key.slice(1);
    return { type: PartType.ATTRIBUTE, index: this.#index, name, strings, ctor: kind ?? lit.AttributePart };
  }

  #addText(parent: Node, text: string): void {
    for (const [at, piece] of text.split(hole).entries()) {
      if (at > 0) {
        parent.appendChild(document.createComment(""));
        this.parts.push({ type: PartType.CHILD, index: ++this.#index });
      }
      if (piece !== "") parent.appendChild(document.createTextNode(piece));
    }
  }
}

/** The values for a template: a result as lit renders it. */
interface BuiltResult {
  readonly _$litType$: ElementTemplate;
  readonly values: readonly unknown[];
}

const templates = new WeakMap<TemplateStringsArray, ElementTemplate>();

/**
 * Replaces lit's tag of the same name in the built widget. Takes a subset of HTML: elements with an end tag or closed by
 * `/>`, attributes in double quotes or bound to one value, text without entities and without `<`.
 */
function elements(strings: TemplateStringsArray, ...values: unknown[]): BuiltResult {
  let template = templates.get(strings);
  if (template === undefined) templates.set(strings, (template = new ElementTemplate(strings)));
  return { _$litType$: template, values };
}

export { elements as html };
