import { attributeOf, isHtmlElement, type HtmlElement } from "./html-tree.ts";

/** Numbers of the items of an ordered list as a browser shows them: `3.`, `c.`, `iii.`. */
export function itemNumbers(list: HtmlElement): Map<HtmlElement, string> {
  const items = list.childNodes.filter((child): child is HtmlElement => isHtmlElement(child, "li"));
  const isReversed = attributeOf(list, "reversed") !== undefined;
  const type = attributeOf(list, "type");
  let number = integerOf(list, "start") ?? (isReversed ? items.length : 1);
  const numbers = new Map<HtmlElement, string>();
  for (const item of items) {
    number = integerOf(item, "value") ?? number;
    numbers.set(item, formatNumber(number, type));
    number += isReversed ? -1 : 1;
  }
  return numbers;
}

function integerOf(element: HtmlElement, name: string): number | undefined {
  const value = Number.parseInt(attributeOf(element, name) ?? "", 10);
  return Number.isNaN(value) ? undefined : value;
}

function formatNumber(number: number, type: string | undefined): string {
  if ((type === "a" || type === "A") && number >= 1 && number <= 26) {
    return `${String.fromCodePoint((type.codePointAt(0) ?? 0) + number - 1)}.`;
  }
  if ((type === "i" || type === "I") && number >= 1 && number < 400) {
    return `${type === "i" ? roman(number) : roman(number).toUpperCase()}.`;
  }
  return `${number}.`;
}

const romanSigns: [number, string][] = [
  [100, "c"],
  [90, "xc"],
  [50, "l"],
  [40, "xl"],
  [10, "x"],
  [9, "ix"],
  [5, "v"],
  [4, "iv"],
  [1, "i"],
];

function roman(number: number): string {
  let rest = number;
  let text = "";
  for (const [value, sign] of romanSigns) {
    while (rest >= value) {
      text += sign;
      rest -= value;
    }
  }
  return text;
}
