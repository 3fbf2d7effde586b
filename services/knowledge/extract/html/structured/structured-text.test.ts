import { describe, expect, it } from "vitest";
import { extractHtml } from "../extract-html.ts";

function read(data: unknown, main = "<h1>Shop</h1>", language = "en") {
  const json = typeof data === "string" ? data : JSON.stringify(data);
  const html = `<html lang="${language}"><script type="application/ld+json">${json}</script><main>${main}</main>`;
  return extractHtml(html, "https://shop.test/");
}

const texts = (...parameters: Parameters<typeof read>) => read(...parameters).lines.map(({ text }) => text);

function question(name: string, text: unknown) {
  return { "@type": "Question", name, acceptedAnswer: { "@type": "Answer", text } };
}

describe("questions in JSON-LD", () => {
  const faq = {
    "@context": "https://schema.org",
    "@type": "FAQPage",
    mainEntity: [question("Back?", "<p>Within 30 days.</p><ul><li>Unused</li></ul>")],
  };

  it("are added as headings with their answers", () => {
    expect(read(faq).lines).toEqual([
      { text: "Shop", heading: 1 },
      { text: "Back?", heading: 3 },
      { text: "Within 30 days." },
      { text: "Unused" },
    ]);
  });

  it("are not doubled where the page shows the answer, in other markup or over several lines", () => {
    const main = "<h3>Back?</h3><p>Within <b>30</b> days.</p><p>Unused!</p>";
    expect(texts(faq, main)).toEqual(["Back?", "Within 30 days.", "Unused!"]);
    expect(texts(question("Back?", "Within 30 days. Unused."), main)).toEqual(["Back?", "Within 30 days.", "Unused!"]);
  });

  it("put an answer that the page lacks below its question", () => {
    expect(texts(faq, "<h3>Back?</h3><h3>Fee?</h3><p>No.</p>")).toEqual([
      "Back?",
      "Within 30 days.",
      "Unused",
      "Fee?",
      "No.",
    ]);
  });

  it.each([
    [
      "a graph",
      {
        "@graph": [{ "@type": "WebPage" }, { "@type": ["WebPage", "FAQPage"], mainEntity: question("Q?", "Answer.") }],
      },
    ],
    ["a list", [[question("Q?", "Answer.")]]],
    [
      "references",
      {
        "@graph": [
          { "@id": "#q", "@type": "Question", name: "Q?", acceptedAnswer: { "@id": "#a" } },
          { "@id": "#a", text: "Answer." },
        ],
      },
    ],
    [
      "types with prefixes",
      { "@type": "http://schema.org/QAPage", mainEntity: { ...question("Q?", "Answer."), "@type": "schema:Question" } },
    ],
    ["suggested answers", { "@type": "Question", text: "Q?", suggestedAnswer: [{ text: "Answer." }] }],
    ["answers that are texts", { "@type": "Question", name: "Q?", acceptedAnswer: "Answer." }],
    ["entities", question("Q?", "&lt;p&gt;Ans&amp;shy;wer.&lt;/p&gt;")],
    ["a language", question("Q?", { "@value": "Answer.", "@language": "en" })],
  ])("are found in %s", (_, data) => {
    expect(texts(data)).toEqual(["Shop", "Q?", "Answer."]);
  });

  it.each([
    ["comment marks", `<!-- ${JSON.stringify(question("Q?", "Answer."))} -->`],
    ["CDATA", `//<![CDATA[\n${JSON.stringify(question("Q?", "Answer."))}\n//]]>`],
    ["trailing commas and comments", '{"@type":"Question",/* q */"name":"Q?","acceptedAnswer":{"text":"Answer.",},};'],
    ["line breaks in texts", '{"@type":"Question","name":"Q?","acceptedAnswer":{"text":"Answer.\n\n"}}'],
    ["escaped signs", JSON.stringify(question("Q?", "Answer.")).replaceAll('"', "&quot;")],
  ])("are forgiven %s", (_, json) => {
    expect(texts(json)).toEqual(["Shop", "Q?", "Answer."]);
  });

  it("that cannot be read are left out, with a note", () => {
    expect(read("no data").notes).toEqual(["structured data that is no JSON was left out: 1 of 1 blocks"]);
    expect(texts({ "@type": "Question", name: "Q?" })).toEqual(["Shop"]);
    expect(texts('[1, null, "x", {"@type": 5, "offers": null}]')).toEqual(["Shop"]);
  });

  it("keep signs that only look like markup", () => {
    expect(texts(question("Small?", "Size < 40 & weight > 2"))).toEqual(["Shop", "Small?", "Size < 40 & weight > 2"]);
  });
});

describe("products and offers in JSON-LD", () => {
  const kettle = {
    "@type": "Product",
    name: "Kettle",
    sku: "AB-77",
    offers: { "@type": "Offer", price: 49.9, priceCurrency: "EUR", availability: "https://schema.org/InStock" },
  };

  it("are one line before the text, with codes, price and availability", () => {
    expect(texts(kettle)).toEqual(["Kettle · SKU AB-77 · 49.9 EUR · in stock", "Shop"]);
  });

  it("are not doubled where the page shows code and price", () => {
    expect(texts(kettle, "<h1>Kettle AB-77</h1><p>49,90 €</p>")).toEqual(["Kettle AB-77", "49,90 €"]);
    expect(texts(kettle, "<h1>Kettle AB-77</h1><p>149,90 €</p>")).toHaveLength(3);
  });

  it("name each variant, a range of prices, and an old price", () => {
    expect(
      texts({
        ...kettle,
        sku: undefined,
        offers: [
          { name: "Red", price: "40", priceCurrency: "EUR" },
          { name: "Blue", price: "45", priceCurrency: "EUR" },
        ],
      })[0],
    ).toBe("Kettle · Red: 40 EUR · Blue: 45 EUR");
    expect(
      texts({
        ...kettle,
        sku: undefined,
        offers: { "@type": "AggregateOffer", lowPrice: 40, highPrice: 60, priceCurrency: "EUR" },
      })[0],
    ).toBe("Kettle · 40–60 EUR");
    const list = {
      "@type": "UnitPriceSpecification",
      priceType: "https://schema.org/StrikethroughPrice",
      price: 59,
      priceCurrency: "EUR",
    };
    expect(
      texts({ ...kettle, sku: undefined, offers: { price: 49, priceCurrency: "EUR", priceSpecification: [list] } })[0],
    ).toBe("Kettle · 49 EUR · (old: 59 EUR)");
  });

  it("may be services of their own", () => {
    expect(
      texts({
        "@type": "Offer",
        itemOffered: { "@type": "Service", name: "Repair" },
        price: "20",
        priceCurrency: "EUR",
      }),
    ).toEqual(["Repair · 20 EUR", "Shop"]);
  });
});

describe("opening hours in JSON-LD", () => {
  const hours = [
    { dayOfWeek: ["Monday", "https://schema.org/Tuesday", "Wednesday"], opens: "09:00", closes: "17:30:00" },
    { dayOfWeek: "Sunday", opens: "00:00", closes: "00:00" },
    { validFrom: "2026-12-24", validThrough: "2026-12-24", opens: "09:00", closes: "12:00" },
  ];

  it("are one line, with days in the language of the page", () => {
    const store = { "@type": "Store", name: "Acme", telephone: "+43 1 234", openingHoursSpecification: hours };
    expect(texts(store)[0]).toBe(
      "Acme · Monday–Wednesday: 09:00–17:30 · Sunday: closed · 2026-12-24: 09:00–12:00 · +43 1 234",
    );
    expect(texts(store, "<p>Text.</p>", "de")[0]).toContain("Montag–Mittwoch: 09:00–17:30");
  });

  it("may be written in short", () => {
    expect(texts({ "@type": "Store", openingHours: ["Mo-Fr 09:00-17:00", "Sa 10:00-14:00"] })[0]).toBe(
      "Monday–Friday: 09:00–17:00 · Saturday: 10:00–14:00",
    );
  });
});
