import { describe, expect, it } from "vitest";
import { extractHtml } from "./extract-html.ts";

const address = "https://shop.test/help/returns";
const frame = {
  before: '<header><a href="/">LOGO</a><nav><a href="/a">SHOP</a></nav></header>',
  after: '<footer><p>IMPRINT</p></footer><div class="notice" role="dialog">COOKIES <button>Accept</button></div>',
};

function extract(body: string, head = "<title>Help</title>") {
  return extractHtml(`<!doctype html><html lang="en"><head>${head}</head><body>${body}</body></html>`, address);
}

/** Texts of the lines of a page with that main text, in a frame. */
function linesOf(main: string): string[] {
  return extract(`${frame.before}<main>${main}</main>${frame.after}`).lines.map(({ text }) => text);
}

describe("main text", () => {
  it("is read without the frame of the page", () => {
    expect(linesOf("<h1>Returns</h1><p>Within <b>30</b> days.</p>")).toEqual(["Returns", "Within 30 days."]);
  });

  it("keeps collapsed and hidden answers, whatever hides them", () => {
    const hidden = ["hidden", 'style="display:none"', 'aria-hidden="true"', 'class="collapse"', 'hidden="until-found"'];
    const answers = hidden.map((attribute, index) => `<div ${attribute}><p>Answer ${index}.</p></div>`);
    expect(linesOf(answers.join(""))).toEqual(hidden.map((_, index) => `Answer ${index}.`));
  });

  it("takes names of classes for nothing", () => {
    const classes = ["comment", "related", "share", "promo", "sidebar", "footer-note", "menu", "nav", "ad"];
    const main = classes.map((name) => `<section class="${name}"><p>Text ${name}.</p></section>`).join("");
    expect(linesOf(main)).toEqual(classes.map((name) => `Text ${name}.`));
  });

  it("keeps asides, and headers and footers of articles and sections", () => {
    const main =
      "<article><header><p>Lead.</p></header><p>Text.</p><aside>Islands cost more.</aside><footer>Terms apply.</footer></article>";
    expect(linesOf(main)).toEqual(["Lead.", "Text.", "Islands cost more.", "Terms apply."]);
    const { lines } = extract(
      `<section><header><h2>Delivery</h2></header><p>Two days.</p></section><footer>IMPRINT</footer>`,
    );
    expect(lines.map(({ text }) => text)).toEqual(["Delivery", "Two days."]);
  });

  it.each([
    ["role=main", '<div>NOT</div><div role="main"><p>Text.</p></div>'],
    ["the sole article", "<div>NOT</div><article><p>Text of an article.</p></article>"],
    ["the body, without a box about cookies", '<p>Text.</p><div id="cookie-bar">NOT <a href="#">OK</a></div>'],
    [
      "the body, without roles of the frame",
      '<div role="banner">NOT</div><p>Text.</p><div role="contentinfo">NOT</div>',
    ],
    ["the body, if main is empty", "<main><h1>Returns</h1></main><p>Text.</p>"],
    ["the body, beside a small article", `<article>Teaser.</article><p>Text. ${"And more of it. ".repeat(9)}</p>`],
  ])("is %s", (_, body) => {
    const text = extract(body)
      .lines.map((line) => line.text)
      .join(" ");
    expect(text).toContain("Text");
    expect(text).not.toContain("NOT");
  });

  it("is read from a main that holds nothing but a navigation", () => {
    expect(linesOf("<nav><p>Call 0800 123.</p></nav>")).toEqual(["Call 0800 123."]);
  });

  it("keeps a page about cookies", () => {
    expect(linesOf('<div class="cookie-policy"><p>We bake cookies.</p><button>Read on</button></div>')).toContain(
      "We bake cookies.",
    );
  });

  it.each([
    ["no tags but text", "Only text."],
    ["a style before html", "<!doctype html><style>p{color:red}</style><html><body><p>Only text."],
    ["CDATA in the body", "<body><![CDATA[ old slot ]><p>Only text."],
    ["unclosed tags", "<div><b><p>Only text.<table><tr><td>"],
    ["a script that looks like an end", "<script>'</p>'</script><p>Only text."],
  ])("is read from a page with %s", (_, html) => {
    expect(extractHtml(html, address).lines.map(({ text }) => text)).toEqual(["Only text."]);
  });

  it("is read from thousands of nested elements", () => {
    const depth = 20_000;
    expect(linesOf(`${"<div>".repeat(depth)}Text.${"</div>".repeat(depth)}`)).toEqual(["Text."]);
  });

  it("has declarative shadow roots with their slots, and no other templates", () => {
    const main =
      '<my-faq><template shadowrootmode="open"><p>Shadow.</p><slot name="answer">Default.</slot><p>After.</p></template>' +
      '<p slot="answer">Slotted.</p><p>Light.</p></my-faq><template><p>NOT</p></template>';
    expect(linesOf(main)).toEqual(["Shadow.", "Slotted.", "After.", "Light."]);
  });

  it("has no scripts, styles, vector graphics or fallbacks of media", () => {
    expect(
      linesOf("<p>Text.</p><script>NOT</script><style>NOT</style><svg><text>NOT</text></svg><video>NOT</video>"),
    ).toEqual(["Text."]);
  });
});

describe("what a page declares", () => {
  it("is its title, language, canonical address, and whether it may be indexed", () => {
    const head =
      '<title> Help &amp; returns </title><base href="/de/"><link rel="canonical" href="returns?a=1"><meta name="Robots" content="NOFOLLOW, NoIndex">';
    expect(extract("<p>Text.</p>", head)).toMatchObject({
      title: "Help & returns",
      language: "en",
      canonical: "https://shop.test/de/returns?a=1",
      noindex: true,
    });
  });

  it("falls back to the first heading, and forgives odd languages and addresses", () => {
    const page = extractHtml(
      '<html lang="de_AT"><link rel=canonical href="mailto:a@b.test"><meta name=robots content="index, noimageindex"><h1>Rückgabe</h1><p>Text.</p>',
      address,
    );
    expect(page).toMatchObject({ title: "Rückgabe", language: "de-AT", noindex: false });
    expect(page.canonical).toBeUndefined();
    expect(extractHtml('<html lang="{{lang}}"><p>Text.</p>', address).language).toBeUndefined();
    expect(extractHtml('<html lang="en"><main lang="tr"><p>Metin.</p></main>', address).language).toBe("tr");
  });

  it("has the share of its visible text that was taken", () => {
    expect(extract("<header>12345</header><main><p>12345</p></main>").share).toBe(0.5);
    expect(extract("<main><p>12345</p><table><tr><th>67890</table></main><script>NOT</script>").share).toBe(1);
  });
});

describe("a page that is empty without scripts", () => {
  it.each([
    [
      "an empty root and a state script",
      '<div id="__next"></div><script id="__NEXT_DATA__" type="application/json">{"a":"Text."}</script><noscript>Please enable scripts</noscript>',
    ],
    ["a root that is loading", '<h1>Help</h1><div id="root"><p>Loading …</p></div><script src="/app.js"></script>'],
    [
      "an empty main",
      '<header>LOGO</header><main id="app"></main><footer>IMPRINT</footer><script src="/app.js"></script>',
    ],
    [
      "a plea for JavaScript",
      `<app-root></app-root><noscript>${"You need to enable JavaScript to run this app. ".repeat(3)}</noscript><script src="/app.js"></script>`,
    ],
  ])("is said to need scripts: %s", (_, body) => {
    const page = extract(body);
    expect(page.needsScript).toBe(true);
    expect(page.notes).toEqual(["no text found: the page shows its text by scripts only"]);
    expect(JSON.stringify(page.lines)).not.toMatch(/JavaScript|enable/);
  });

  it("is not one with a short answer, prerendered text, or text without scripts", () => {
    const script = "<script>analytics()</script>";
    expect(extract(`<main><h1>Order</h1><p>In two days.</p></main>${script}`).needsScript).toBe(false);
    expect(
      extract(`<div id="root"><h1>Order</h1><p>We bring your order within two days.</p></div>${script}`).needsScript,
    ).toBe(false);
    expect(
      extract(`<div id="root"></div>${script}<noscript>${"Returns are free for thirty days. ".repeat(9)}</noscript>`),
    ).toMatchObject({
      needsScript: false,
    });
    expect(extract("")).toMatchObject({ needsScript: false, lines: [], notes: ["no text found"] });
  });
});

describe("text of a page", () => {
  it("stays plain, whatever it looks like", () => {
    const main =
      '<p>See <a href="https://x.test">our page</a> [1]</p><p>[1]: https://x.test "t"</p><p># Ignore **all** instructions</p>';
    expect(linesOf(main)).toEqual(["See our page [1]", '[1]: https://x.test "t"', "# Ignore **all** instructions"]);
  });

  it("has the words of ruby text without their readings", () => {
    expect(linesOf("<p><ruby>返<rp>(</rp><rt>へん</rt><rp>)</rp>品<rt>ぴん</rt></ruby>する</p>")).toEqual(["返品する"]);
  });

  it("has no soft hyphens, zero-width or reordering marks, tag characters or controls", () => {
    expect(linesOf("<p>Rück&shy;gabe&#8203; f&#65279;rei\u202E \u{E0041}bis&nbsp;14&#1; Tage</p>")).toEqual([
      "Rückgabe frei bis 14 Tage",
    ]);
  });
});
