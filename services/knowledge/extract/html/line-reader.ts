import { toHeadingLevel, type ExtractedLine, type HeadingLevel } from "../extracted-page.ts";
import { countLetters, visibleText, withoutUnseen } from "../visible-text.ts";
import { attributeOf, isElement, isHtmlElement, isTextNode, rawTextOf, ariaRoleOf } from "./html-tree.ts";
import { findElements, walkTree, type HtmlElement, type HtmlNode } from "./html-tree.ts";
import { itemNumbers } from "./item-number.ts";
import { readTable } from "./read-table.ts";
import { isSeam, joinPieces, type TextPiece } from "./script-marks.ts";
import { isTable } from "./table-grid.ts";

const inlineElements = new Set(
  (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark math mi mn mo nobr output picture q " +
    "rb ruby s samp slot small input span strike strong sub sup time tt u var wbr img progress meter"
  ).split(" "),
);
const maxTermLetters = 120;
const maxOptions = 20;
/** Longer descriptions of pictures are captions of their own. */
const maxPictureChars = 120;

interface ReadText {
  lines: ExtractedLine[];
  /** Letters of the page's own text that were taken. */
  letters: number;
}

/** Reads the text under `roots` into lines, without the elements that `isSkipped` names. */
export function readLines(roots: readonly HtmlElement[], isSkipped: (element: HtmlElement) => boolean): ReadText {
  const reader = new LineReader(isSkipped);
  for (const root of roots) reader.read(root);
  return { lines: reader.lines, letters: reader.letters };
}

class LineReader {
  readonly lines: ExtractedLine[] = [];
  letters = 0;
  readonly #isSkipped: (element: HtmlElement) => boolean;
  #pieces: TextPiece[] = [];
  #struck = 0;
  #preformatted = 0;
  #form: { element: HtmlElement; form: "sup" | "sub" } | undefined;
  #heading: { element: HtmlElement; level: HeadingLevel } | undefined;
  /** Level of the newest heading that is no question of a `<details>`. */
  #level = 1;
  #seam: "none" | "left" | "between" = "none";
  /** Name of the inline element that was left. */
  #left = "";
  #details = 0;
  /** A break was read, and no text after it. */
  #broken = false;
  /** Number of a list item that has no line yet. */
  #number = "";
  readonly #numbers = new Map<HtmlElement, string>();
  readonly #starts = new Map<HtmlElement, number>();
  #terms: { start: number; end: number } | undefined;
  /** Term of the newest definition, and the line after that: another definition may follow. */
  #defined: { term: string; end: number } | undefined;

  constructor(isSkipped: (element: HtmlElement) => boolean) {
    this.#isSkipped = isSkipped;
  }

  read(root: HtmlElement): void {
    walkTree(root, {
      enter: (node) => this.#enter(node, root),
      leave: (node) => {
        if (isElement(node)) this.#leave(node);
      },
    });
    this.#flush();
  }

  #enter(node: HtmlNode, root: HtmlElement): boolean {
    if (isTextNode(node)) this.#addText(node.value);
    if (!isElement(node)) return false;
    if (node !== root && this.#isSkipped(node)) return false;
    if (isTable(node) && this.#heading === undefined) {
      const rows = readTable(node, (cell) => this.#readCell(cell));
      if (rows !== undefined) {
        this.#flush();
        this.lines.push(...rows);
        return false;
      }
    }
    if (isHtmlElement(node, "select")) return this.#addOptions(node);
    if (isHtmlElement(node, "button") && isCommand(node)) return false;
    if (isHtmlElement(node, "br")) this.#breakLine();
    else if (isInline(node)) this.#enterInline(node);
    else this.#enterBlock(node);
    return true;
  }

  #enterInline(element: HtmlElement): void {
    if (this.#seam === "left" && isApart(element) && this.#left === element.tagName) this.#addText(" ");
    else if (this.#seam === "left") this.#seam = "between";
    if (isStruck(element)) this.#struck += 1;
    if (element.tagName === "q") this.#addText("“");
    if ((element.tagName === "sup" || element.tagName === "sub") && this.#form === undefined) {
      this.#form = { element, form: element.tagName };
    }
    if (element.tagName === "img") this.#addPicture(element);
  }

  #enterBlock(element: HtmlElement): void {
    if (this.#heading !== undefined) {
      this.#addText(" ");
      return;
    }
    this.#flush();
    const level = this.#headingLevel(element);
    if (level !== undefined) this.#heading = { element, level };
    if (element.tagName === "pre") this.#preformatted += 1;
    if (isStruck(element)) this.#struck += 1;
    if (element.tagName === "details") this.#details += 1;
    if (element.tagName === "ol") for (const [item, number] of itemNumbers(element)) this.#numbers.set(item, number);
    if (element.tagName === "li") this.#number = this.#numbers.get(element) ?? "";
    if (element.tagName === "dt" || element.tagName === "dd") this.#starts.set(element, this.lines.length);
  }

  #leave(element: HtmlElement): void {
    if (element.tagName === "br") return;
    if (isInline(element)) {
      if (element.tagName === "q") this.#addText("”");
      if (isStruck(element)) this.#struck -= 1;
      if (this.#form?.element === element) this.#form = undefined;
      this.#seam = "left";
      this.#left = element.tagName;
      return;
    }
    if (this.#heading !== undefined && this.#heading.element !== element) {
      this.#addText(" ");
      return;
    }
    this.#flush();
    this.#heading = undefined;
    if (element.tagName === "pre") this.#preformatted -= 1;
    if (isStruck(element)) this.#struck -= 1;
    if (element.tagName === "details") this.#details -= 1;
    if (element.tagName === "li") this.#number = "";
    if (element.tagName === "dt") this.#endTerm(element);
    if (element.tagName === "dd") this.#endDefinition(element);
  }

  #headingLevel(element: HtmlElement): HeadingLevel | undefined {
    const { tagName } = element;
    if (/^h[1-6]$/.test(tagName)) return (this.#level = toHeadingLevel(Number(tagName[1])));
    if (ariaRoleOf(element) === "heading") {
      return (this.#level = toHeadingLevel(Number(attributeOf(element, "aria-level") ?? 2)));
    }
    if (tagName !== "summary" || findElements(element, isHeading).length > 0) return undefined;
    return toHeadingLevel(this.#level + Math.max(1, this.#details));
  }

  #addText(text: string): void {
    if (this.#preformatted > 0 && this.#heading === undefined && text.includes("\n")) {
      for (const [index, line] of text.split("\n").entries()) {
        if (index > 0) this.#flush();
        this.#addText(line);
      }
      return;
    }
    if (text === "") return;
    if (text.trim() !== "") this.#broken = false;
    const before = this.#pieces.at(-1);
    const isSplit = this.#seam === "between" && isSeam(before?.text ?? "", text);
    this.#seam = "none";
    this.letters += countLetters(text);
    const piece: TextPiece = { text: isSplit ? ` ${text}` : text, old: this.#struck > 0 };
    if (this.#form !== undefined) piece.form = this.#form.form;
    if (before !== undefined && before.old === piece.old && before.form === piece.form) before.text += piece.text;
    else this.#pieces.push(piece);
  }

  /** One break is a blank; two and more end the paragraph. */
  #breakLine(): void {
    if (this.#heading === undefined && (this.#broken || this.#preformatted > 0)) this.#flush();
    else this.#addText(" ");
    this.#broken = true;
  }

  #flush(): void {
    const text = visibleText(
      joinPieces(this.#pieces.map((piece) => ({ ...piece, text: withoutUnseen(piece.text).replaceAll(/\s+/g, " ") }))),
    );
    this.#pieces = [];
    this.#seam = "none";
    if (saysNothing(text)) return;
    const numbered = this.#number === "" ? text : `${this.#number} ${text}`;
    this.#number = "";
    this.lines.push(
      this.#heading === undefined ? { text: numbered } : { text: numbered, heading: this.#heading.level },
    );
  }

  #endTerm(element: HtmlElement): void {
    const start = this.#starts.get(element) ?? this.lines.length;
    const isNext = this.#terms !== undefined && this.#terms.end === start;
    this.#terms = { start: isNext ? (this.#terms?.start ?? start) : start, end: this.lines.length };
  }

  /** Puts a short definition on the line of its term; each further one of the same term gets the term, too. */
  #endDefinition(element: HtmlElement): void {
    const start = this.#starts.get(element) ?? this.lines.length;
    const terms = this.#terms;
    const [definition, ...more] = this.lines.slice(start);
    if (definition === undefined) return;
    this.#terms = undefined;
    const names = terms === undefined ? [] : this.lines.slice(terms.start, terms.end);
    const isNext = terms === undefined && this.#defined?.end === start;
    const term = isNext ? (this.#defined?.term ?? "") : names.map(({ text }) => text).join(", ");
    this.#defined = undefined;
    const isPlain = [...names, definition].every(({ heading }) => heading === undefined);
    const follows = isNext || terms?.end === start;
    if (!follows || more.length > 0 || !isPlain || countLetters(term) > maxTermLetters || term === "") return;
    const text = `${term}${/[:?!.]$/.test(term) ? "" : ":"} ${definition.text}`;
    this.lines.splice(terms?.start ?? start, this.lines.length, { text });
    this.#defined = { term, end: this.lines.length };
  }

  /** Reads what a picture shows where it stands in place of words, as the signs of cards that a shop takes. */
  #addPicture(picture: HtmlElement): void {
    const label = visibleText(attributeOf(picture, "alt") ?? "");
    if (label.length > maxPictureChars || isFileName(label) || !isInText(picture)) return;
    // No text of the page's own.
    const { letters } = this;
    this.#addText(label);
    this.letters = letters;
  }

  #readCell(cell: HtmlElement): string {
    const { lines, letters } = readLines([cell], this.#isSkipped);
    this.letters += letters;
    const text = lines.reduce((all, line) => {
      return all === "" ? line.text : `${all}${/[.!?:;,]$/.test(all) ? "" : ";"} ${line.text}`;
    }, "");
    return text === "" ? describePicture(cell) : text;
  }

  #addOptions(select: HtmlElement): false {
    const options = findElements(select, (element) => element.tagName === "option").map((option) =>
      visibleText(rawTextOf(option)),
    );
    if (options.length <= maxOptions) this.#addText(` ${options.filter((option) => option !== "").join(", ")} `);
    return false;
  }
}

function isHeading(element: HtmlElement): boolean {
  return /^h[1-6]$/.test(element.tagName) || ariaRoleOf(element) === "heading";
}

/** Elements within a line. Elements of the page's own making are, too, unless they hold blocks. */
function isInline(element: HtmlElement): boolean {
  if (inlineElements.has(element.tagName)) return true;
  return element.tagName.includes("-") && findElements(element, (inner) => !isInline(inner)).length === 0;
}

/** Elements of which two in a row have a gap between them on the screen. */
function isApart(element: HtmlElement): boolean {
  return isHtmlElement(element, "a", "img");
}

/** True if the block around an inline element is one of text. */
function isInText(element: HtmlElement): boolean {
  let node = element.parentNode;
  while (node !== null && isElement(node) && isInline(node)) node = node.parentNode;
  return node !== null && isHtmlElement(node, "p", "li", "dd", "dt");
}

function isFileName(label: string): boolean {
  return label === "" || /\.(?:avif|gif|jpe?g|png|svg|webp)$/i.test(label);
}

/** Buttons that send or empty a form. Others may be questions whose answers they open. */
function isCommand(button: HtmlElement): boolean {
  return /^(?:submit|reset)$/i.test(attributeOf(button, "type") ?? "");
}

function isStruck(element: HtmlElement): boolean {
  return isHtmlElement(element, "del", "s", "strike") || /line-through/i.test(attributeOf(element, "style") ?? "");
}

/** Description of the pictures in a cell without text: a tick with `alt="included"`. */
function describePicture(cell: HtmlElement): string {
  const described = findElements(cell, (element) => labelOf(element) !== "").map(labelOf);
  return visibleText(described.join(", "));
}

function labelOf(element: HtmlElement): string {
  return attributeOf(element, "alt") ?? attributeOf(element, "aria-label") ?? attributeOf(element, "title") ?? "";
}

/** A line of punctuation alone says nothing. */
function saysNothing(text: string): boolean {
  return !/[\p{L}\p{N}\p{Sc}\p{So}]/u.test(text);
}
