import fc from "fast-check";
import { Lexer, type Token, walkTokens } from "marked";
import { describe, expect, it } from "vitest";
import { LinkFilter } from "./link-filter.ts";

const allowed = ["good.com", "*.shop.example", "xn--bcher-kva.example"];

function filter(...pieces: string[]): string {
  const links = new LinkFilter(allowed);
  return pieces.map((piece) => links.push(piece)).join("") + links.end();
}

const gone = "(link removed)";

describe("links to an allowed host", () => {
  it.each([
    "https://good.com",
    "http://good.com/a/b?c=d#e",
    "HTTPS://Good.COM/a",
    "https://good.com:8443/a",
    "https://good.com./a",
    "https://a.shop.example/x and https://a.b.shop.example",
    "https://bücher.example/x https://xn--bcher-kva.example",
    "See https://good.com. Then https://good.com, or (https://good.com)!",
    "[text](https://good.com/a_(b)) and [text](<https://good.com/a b>)",
    "[1]: https://good.com/a",
    "//good.com/a",
    "www.shop.shop.example www.a.shop.example/b",
    "mailto:help@good.com, mailto:help@good.com?subject=Order%201",
    "[mail](mailto:help@good.com)",
  ])("stay as they are: %s", (text) => {
    expect(filter(text)).toBe(text);
  });

  it.each([
    ["[店](https://good.com)をご覧ください。", "[店](https://good.com/)をご覧ください。"],
    ["https://good.comをご覧ください。", "https://good.com/をご覧ください。"],
    ['<a href="https://good.com">Shop</a>', '<a href="https://good.com/">Shop</a>'],
    ["https://good.com).evil.com", "https://good.com/).evil.com"],
    ["https://good.com\u00ad.evil.com", "https://good.com/\u00ad.evil.com"],
    ["https://good.com。evil.com", "https://good.com/。evil.com"],
    ["https://good.com\\@evil.com", "https://good.com/\\@evil.com"],
    ["https://good.com\\.evil.com", "https://good.com/\\.evil.com"],
    ["https://good.com&period;evil.com", "https://good.com/&amp;period;evil.com"],
    ["https://good.com:80.evil.com", "https://good.com:80/.evil.com"],
    ["https://good.com:pass@evil.com", "https://good.com/:pass@evil.com"],
  ])("end with their host, whatever follows: %s", (text, expected) => {
    expect(filter(text)).toBe(expected);
  });
});

describe("links to other hosts", () => {
  it.each([
    "https://evil.com",
    "https://evil.com/a?b=https://good.com#c",
    "http:evil.com",
    "http:/evil.com",
    "http:////evil.com",
    "http:\\\\evil.com",
    "HTTPS://EVIL.COM",
    "https://good.com.evil.com",
    "https://notgood.com",
    "https://shop.example",
    "https://evilshop.example",
    "https://good.com@evil.com",
    "https://user@good.com",
    "https://evil.com:443",
    "https://еvil.com/путь",
    "https://ｅｖｉｌ.com",
    "https://%65vil.com",
    "https://good.com%2eevil.com",
    "https://good.com%00.evil.com",
    "http://2130706433/",
    "http://[::1]/",
    "https://good.com-evil.com",
    "https://good.com_.evil.com",
    "//evil.com/a",
    "\\\\evil.com",
    "/\\evil.com",
    "//2130706433",
    "//0x7f000001",
    "//user@evil",
    "//[::1]",
    "www.evil.com",
    "WWW.EVIL.COM/a",
    "ftp://good.com",
    "file:///etc/passwd",
    "ws://good.com",
    "intent://good.com#Intent;end",
    "javascript:alert(1)",
    "JavaScript:alert%281%29",
    "data:text/html,hello",
    "vbscript:x",
    "mailto:help@evil.com",
    "mailto:help@good.com,help@evil.com",
    "mailto:help@good.com?cc=help@evil.com",
    "mailto:?to=help@evil.com",
    `https://${"a".repeat(5000)}.com/${"b".repeat(5000)}`,
    `https:${"/".repeat(500)}evil.com`,
  ])("are replaced: %s", (text) => {
    expect(filter(text)).toBe(gone);
    expect(filter(`(See ${text}), then go on.`)).toBe(`(See ${gone}), then go on.`);
  });

  it.each([
    ["[here](https://evil.com/a).", `[here](${gone}).`],
    ["[here]( https://evil.com 'title')", `[here]( ${gone} 'title')`],
    ["[here](<https://evil.com/a b>)", `[here](<${gone} b>)`],
    ["![x](//evil.com/pixel.png)", `![x](${gone})`],
    ["[a]: https://evil.com\n[a]", `[a]: ${gone}\n[a]`],
    ["<https://evil.com>", `<${gone}>`],
    ["`https://evil.com` and **https://evil.com**", `\`${gone}\` and **${gone}**`],
    ["こちらhttps://evil.com/道、次は", `こちら${gone}、次は`],
    ["xhttps://evil.com", `x${gone}`],
    ["https://evil.com. https://evil。com", `${gone}. ${gone}。com`],
    ["[call](skype:evil)", `[call](${gone})`],
    ["[call](skype:?chat)", `[call](${gone})`],
    ["https://good.com/redirect?to=https://evil.com", `https://good.com/redirect?to=${gone}`],
    ["https://evil.com)https://evil.com", `${gone})${gone}`],
    ["[a](https\\://evil.com)", `[a](${gone})`],
    ["[a](//intranet)", `[a](${gone})`],
    ["[a](https&colon;//evil.com)", `[a](https&amp;colon;${gone})`],
    ["[a](&#104;ttps://evil.com)", `[a](&amp;#104;${gone})`],
    ["[a](&sol;&sol;evil.com)", "[a](&amp;sol;&amp;sol;evil.com)"],
    ["[a](&#0000000047;/evil.com)", "[a](&amp;#0000000047;/evil.com)"],
    ['<a href="&#47&#47evil.com">', '<a href="&amp;#47&amp;#47evil.com">'],
  ])("are replaced where they stand: %s", (text, expected) => {
    expect(filter(text)).toBe(expected);
  });
});

describe("the sentence behind a removed link", () => {
  it.each([
    ["请看https://evil.com/help谢谢。", `请看${gone}谢谢。`],
    ["https://evil.comをご覧ください", `${gone}をご覧ください`],
    ["https://evil.com/をご覧ください", `${gone}をご覧ください`],
    ["https://evil.com/wiki/日本語。次", `${gone}。次`],
    ["هل زرت https://evil.com/a؟ نعم", `هل زرت ${gone}؟ نعم`],
    ["https://evil.com/a\u200f؟", `${gone}\u200f؟`],
    ["„https://evil.com/a“ «https://evil.com»", `„${gone}“ «${gone}»`],
    ["https://evil.com/a🎉", `${gone}🎉`],
    ["lodash@4.17.21, 请联系support@evil.com，谢谢", "lodash@4.17.21, 请联系support@evil.com，谢谢"],
  ])("is kept, since the widget ends the address there, too: %s", (text, expected) => {
    expect(filter(text)).toBe(expected);
  });
});

describe("text that is no link", () => {
  it.each([
    "Hello, how are you? It is 10:30, and/or 24/7; C:\\Users\\x, a // comment, //TODO later, 5 // 2, std::string.",
    "Node.js, e.g. index.html, v1.2.3, support@evil.com, evil.com",
    "[home](/account/orders), [top](#top), [next](page.html?x=1), [call](tel:+4930123)",
    "Note: this. Javascript: the good parts. data: none. Tel:+49 30 1234. Begins with https:// or http:// or www.",
    "AT&T, &amp; &lt;b&gt; &copy; &#39; &#8217; &#x1F600; a&b; x & y &&",
    "漢字とかな。「引用」、🙂 e\u0301 مرحبا",
    "",
  ])("stays as it is: %s", (text) => {
    expect(filter(text)).toBe(text);
  });

  it("is unchanged", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const plain = text.replace(/[:/\\&@]|www\./gi, "");
        expect(filter(plain)).toBe(plain);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Fragments that links are made of, and that may come between. */
const fragments = [
  ..."https http : / // \\ @ good.com evil.com shop.example a. . www. [ ]( ) ( < > javascript: mailto: ftp:// data:".split(
    " ",
  ),
  ..."a 1 あ 。 、 é \u00ad \u200b %2e %40 # ? :80 : \" ' ` * ** _ ~ | ! - + = & &amp; &colon; &sol; &#47; &#x3a ; ; , {".split(
    " ",
  ),
  " ",
  "\n",
  "\t",
  "\n\n",
  "[1]: ",
  "[1]",
  '<a href="',
  "<img src=",
  "user",
  "tel:",
  "skype:",
  "://",
  "xn--",
  "0x7f",
];

const text = fc.array(fc.constantFrom(...fragments), { maxLength: 24 }).map((parts) => parts.join(""));
const cutText = text.chain((whole) =>
  fc.tuple(fc.constant(whole), fc.array(fc.nat({ max: whole.length }), { maxLength: 10 })),
);

function cutUp(whole: string, cuts: number[]): string[] {
  const places = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
  return places.slice(1).map((end, index) => whole.slice(places[index], end));
}

describe("links in a split text", () => {
  it("are judged the same for any split", () => {
    fc.assert(
      fc.property(cutText, ([whole, cuts]) => {
        expect(filter(...cutUp(whole, cuts))).toBe(filter(whole));
        expect(filter(...Array.from(whole))).toBe(filter(whole));
      }),
      { numRuns: 5000 },
    );
  });

  it("are held back only until they can be judged", () => {
    const longest = 512;
    const repeated = fc.tuple(text, fc.constantFrom(...fragments), text).map(([a, b, c]) => a + b.repeat(600) + c);
    fc.assert(
      fc.property(fc.oneof(text, repeated), (whole) => {
        const links = new LinkFilter(allowed);
        let heldBack = 0;
        for (const char of whole) {
          const out = links.push(char);
          heldBack = out === "" ? heldBack + 1 : 0;
          // Removed text is not held back: after it, the next word comes.
          if (heldBack > longest) expect(links.push(" x ")).not.toBe("");
          if (heldBack > longest) return;
        }
      }),
      { numRuns: 500 },
    );
  });

  it("do not delay words without links", () => {
    const links = new LinkFilter(allowed);
    expect(["Hel", "lo wor", "ld, ", "日本", "語です"].map((piece) => links.push(piece))).toEqual([
      "",
      "Hello ",
      "world, ",
      "日本",
      "語です",
    ]);
  });

  it("keep no state for the next text", () => {
    const links = new LinkFilter(allowed);
    expect(links.push("https:") + links.end()).toBe("https:");
    expect(links.push("//a b") + links.end()).toBe("//a b");
    expect(links.push("https://evil.com") + links.end()).toBe(gone);
    expect(links.push("a") + links.end()).toBe("a");
  });
});

describe("Markdown renderer", () => {
  it("finds no forbidden link in the filtered text", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(text, (whole) => {
        const left = filter(whole);
        for (const { href, raw } of linksIn(left)) expect([left, raw, hostOf(href)]).toEqual([left, raw, "allowed"]);
      }),
      { numRuns: 20_000 },
    );
  });

  it("would have found them in the original", () => {
    const found = ["https://evil.com", "[a](//evil.com)", "[a](&sol;&sol;evil.com)", "www.evil.com", "<skype:evil>"];
    for (const each of found) expect(linksIn(each).map(({ href }) => hostOf(href))).not.toEqual(["allowed"]);
  });
});

interface Found {
  href: string;
  raw: string;
}

/** Every link and image, also in raw HTML, as a browser would be given it. */
function linksIn(markdown: string): Found[] {
  const found: Found[] = [];
  void walkTokens(new Lexer({ gfm: true }).lex(markdown), (token: Token) => {
    if (token.type === "link" || token.type === "image")
      found.push({ href: decode(String(token["href"])), raw: token.raw });
    if (token.type !== "html") return;
    for (const [raw, href = ""] of token.raw.matchAll(/(?:href|src)\s*=\s*["']?([^"'\s>]*)/gi)) {
      found.push({ href: decode(href), raw });
    }
  });
  // A plain address of mail is no link of ours to judge.
  return found.filter(({ href, raw }) => href !== `mailto:${raw}`);
}

const entities: Record<string, string> = { colon: ":", sol: "/", bsol: "\\", period: ".", commat: "@", amp: "&" };

function decode(href: string): string {
  return href.replace(
    /&(?:#x([\da-f]+);?|#(\d+);?|([a-z]+);)/gi,
    (reference, hex?: string, digits?: string, name?: string) => {
      const code = hex === undefined ? Number.parseInt(digits ?? "", 10) : Number.parseInt(hex, 16);
      if (Number.isNaN(code)) return entities[name?.toLowerCase() ?? ""] ?? reference;
      return code <= 0x10ffff ? String.fromCodePoint(code) : reference;
    },
  );
}

/** Host to which a browser on a page of ours goes; a link that leads nowhere at all is allowed, too. */
function hostOf(href: string): string {
  const url = URL.parse(href, "https://page.example/dir/");
  if (!url || url.protocol === "tel:" || /^[^:]+:\/*$/.test(url.href)) return "allowed";
  if (url.protocol === "mailto:") {
    return /^(?:[^,;@]+@good\.com|[^@]*)$/.test(url.pathname + url.search) ? "allowed" : href;
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return href;
  // No domain ends with punctuation.
  const host = url.hostname.replace(/[^\p{L}\p{N}]+$/u, "");
  const ours = host === "" || host === "page.example" || host === "good.com" || host.endsWith(".shop.example");
  return ours ? "allowed" : href;
}
