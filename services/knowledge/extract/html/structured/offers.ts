import { nodesOf, textOf, typesOf, withoutPrefix, type SchemaNode, type StructuredFact } from "./schema-node.ts";

const codes = [
  ["sku", "SKU"],
  ["mpn", "MPN"],
  ["gtin", "GTIN"],
  ["gtin13", "GTIN"],
] as const;

/** Describes a product in a line: name, codes, and the price and availability of each offer. */
export function describeProduct(product: SchemaNode): StructuredFact | undefined {
  const name = textOf(product, "name");
  const offers = nodesOf(product, "offers").flatMap((offer) => [offer, ...nodesOf(offer, "offers")]);
  const parts = [...codesOf(product), ...offers.flatMap((offer) => describeTerms(offer, name))];
  return factOf(name, parts);
}

/** Describes an offer of its own: a service in a price list. */
export function describeOffer(offer: SchemaNode): StructuredFact | undefined {
  const [item] = nodesOf(offer, "itemOffered");
  const name = textOf(offer, "name") || (item === undefined ? "" : textOf(item, "name"));
  return factOf(name, describeTerms(offer, name));
}

/** A part of a fact: its words, and the bare value by which a page is searched for it. */
interface FactPart {
  text: string;
  value: string;
}

function factOf(name: string, parts: readonly FactPart[]): StructuredFact | undefined {
  if (name === "" || parts.length === 0) return undefined;
  const texts = [...new Set(parts.map(({ text }) => text))];
  return {
    text: [name, ...texts].join(" · "),
    values: parts.map(({ value }) => value).filter((value) => value !== ""),
  };
}

function codesOf(node: SchemaNode): FactPart[] {
  return codes.flatMap(([property, label]) => {
    const value = textOf(node, property);
    return value === "" ? [] : [{ text: `${label} ${value}`, value }];
  });
}

function describeTerms(offer: SchemaNode, product: string): FactPart[] {
  const name = textOf(offer, "name");
  const own = name === "" || name === product ? "" : `${name}: `;
  const availability = withoutPrefix(textOf(offer, "availability"));
  const until = textOf(offer, "priceValidUntil").slice(0, 10);
  const prices = pricesOf(offer).map((price, index) => ({
    ...price,
    text: index === 0 ? own + price.text : price.text,
  }));
  return [
    ...prices,
    ...(until === "" || prices.length === 0 ? [] : [{ text: `until ${until}`, value: "" }]),
    ...(own === "" ? [] : codesOf(offer)),
    ...(availability === "" ? [] : [{ text: wordsOf(availability), value: "" }]),
  ];
}

function pricesOf(offer: SchemaNode): FactPart[] {
  const currency = textOf(offer, "priceCurrency");
  const low = textOf(offer, "lowPrice");
  const high = textOf(offer, "highPrice");
  if (low !== "" && high !== "" && low !== high) {
    return [
      { text: `${low}–${high} ${currency}`.trim(), value: low },
      { text: "", value: high },
    ].filter(({ text }) => text !== "");
  }
  const price = textOf(offer, "price") || low || high;
  const given = price === "" ? [] : [{ text: priced(price, currency), value: price }];
  return [...given, ...nodesOf(offer, "priceSpecification").flatMap((part) => specifiedPrice(part, currency, price))];
}

function specifiedPrice(part: SchemaNode, currency: string, known: string): FactPart[] {
  const value = textOf(part, "price") || textOf(part, "minPrice");
  if (value === "" || value === known) return [];
  const text = priced(value, textOf(part, "priceCurrency") || currency);
  const isOld = /Strikethrough|ListPrice|MSRP|SRP/.test(withoutPrefix(textOf(part, "priceType")));
  const unit = textOf(part, "unitText") || textOf(part, "unitCode");
  const isFee = typesOf(part).some((type) => /Delivery|Payment/.test(type));
  const label = isFee ? "delivery: " : "";
  return [{ text: isOld ? `(old: ${text})` : `${label}${text}${unit === "" ? "" : ` / ${unit}`}`, value }];
}

function priced(value: string, currency: string): string {
  return value.includes(currency) ? value : `${value} ${currency}`;
}

/** Splits the names of schema.org: `PreOrder` becomes `pre order`. */
function wordsOf(name: string): string {
  return name.replaceAll(/(?<=\p{Ll})(?=\p{Lu})/gu, " ").toLowerCase();
}
