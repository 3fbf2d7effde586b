import fc from "fast-check";

/** White space by Unicode, lookalikes of it, and the control characters that URL parsers drop. */
const whiteSpace = [
  ...Array.from(
    " \t\n\r\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000",
  ),
  ...Array.from("\u180e\u200b\u200c\u200d\u2060\ufeff\u00ad\u001f\u0001\u007f"),
  "\r\n",
  "\n\n",
  "  ",
];
const long = [`${"a".repeat(150)}:`, `${"a".repeat(150)}https:`, "> ".repeat(40), "&nbsp;".repeat(40), "\t".repeat(80)];
const schemes =
  "https: http: HTTPS: hTtp: https http ftp: file: javascript: JaVaScRiPt: data: vbscript: mailto: tel: skype: intent: ws: x-y: www. WWW. //".split(
    " ",
  );
const hosts =
  "evil.com good.com a.shop.example shop.example bücher.example xn--bcher-kva.example evil 127.0.0.1 2130706433 [::1] 0x7f000001 good.com.evil.com evil.com:80 good.com:80 ｅｖｉｌ.com".split(
    " ",
  );
const signs = Array.from("/\\@:?#.,;!'\"()[]<>*_~`|%&=-^{}$+1ae。．／：＠");
const references =
  "&colon; &sol; &#47; &#x2f; &bsol; &Tab; &NewLine; &#9; &#10; &#13; &nbsp; &#160; &amp; &commat; &period; &lt; &gt; &#60; &quot; &lpar; &rpar; &lbrack; &rsqb; &num; &quest; &percnt; &ensp; &#8203; &shy; &zwj; &#x3000; &excl; &lsqb;".split(
    " ",
  );
const escapes = ["%2f", "%40", "%20", "%09", "%0a", "%2e", "%00", "%3a", "\\@", "\\/", "\\:", "\\.", "\\<", "\\ "];

const oddity = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...whiteSpace) },
  { weight: 3, arbitrary: fc.constantFrom(...signs) },
  { weight: 2, arbitrary: fc.constantFrom(...references) },
  { weight: 1, arbitrary: fc.constantFrom(...escapes) },
);
const few = (max: number) => fc.array(oddity, { maxLength: max }).map((all) => all.join(""));
const slashes = fc.constantFrom("//", "//", "//", "/", "\\\\", "/\\", "", "///");

/** An address, unchanged or with something odd between or within its parts. */
const address = fc
  .tuple(
    fc.constantFrom(...schemes),
    few(1),
    slashes,
    few(1),
    fc.constantFrom(...hosts),
    few(3),
    fc.constantFrom(...hosts, "", "/a", "?b", "#c"),
    few(2),
  )
  .chain((parts) => {
    const whole = parts.join("");
    return fc.tuple(fc.constant(whole), fc.option(oddity, { freq: 1 }), fc.nat({ max: whole.length }));
  })
  .map(([whole, odd, at]) => (odd === null ? whole : whole.slice(0, at) + odd + whole.slice(at)));

const destination = fc.oneof(
  { weight: 3, arbitrary: address },
  { weight: 2, arbitrary: fc.tuple(few(1), address, few(1)).map(([a, b, c]) => `<${a}${b}${c}>`) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...whiteSpace), address).map((both) => both.join("")) },
);
const title = fc.constantFrom("", "", "", ' "t"', " 't'", " (t)", '\n"t"');
const label = fc.oneof(fc.constantFrom("a", "1", "", "`x`", "![i](/p)"), address);

const inline = fc
  .tuple(fc.constantFrom("", "!"), label, few(1), destination, title, few(1))
  .map(([image, text, gap, to, after, end]) => `${image}[${text}](${gap}${to}${after}${end})`);
const definition = fc
  .tuple(few(1), destination, title, fc.constantFrom("[r]", "[a][r]", "![a][r]", "[r][]"))
  .map(([gap, to, after, use]) => `\n\n[r]:${gap}${to}${after}\n\n${use}`);
const autolink = fc.tuple(few(1), address, few(1)).map(([a, b, c]) => `<${a}${b}${c}>`);
const around = fc.constantFrom(
  "",
  "",
  " ",
  "See ",
  "(",
  "*",
  "**",
  "> ",
  "- ",
  "| a | b |\n|---|---|\n| ",
  "`",
  "# ",
  "あ",
  "x",
  "<",
  "\n",
);

/** Random text without any form. */
const soup = fc
  .array(
    fc.oneof(
      oddity,
      fc.constantFrom(...schemes),
      fc.constantFrom(...hosts),
      fc.constantFrom(...long),
      fc.constantFrom(
        "//",
        "[a](",
        "](<",
        "[r]: ",
        "\n\n[r]: ",
        "[r]",
        "![",
        "](",
        ")",
        ">",
        "<",
        "@",
        ":",
        "/",
        "a.",
        ".com",
      ),
    ),
    { maxLength: 12 },
  )
  .map((all) => all.join(""));

const piece = fc.oneof(
  { weight: 3, arbitrary: soup },
  { weight: 3, arbitrary: inline },
  { weight: 2, arbitrary: definition },
  { weight: 2, arbitrary: autolink },
  { weight: 3, arbitrary: address },
  { weight: 1, arbitrary: few(4) },
);

/** Texts full of links, and of means to hide one. */
export const linkText: fc.Arbitrary<string> = fc
  .array(fc.tuple(around, piece, around), { minLength: 1, maxLength: 3 })
  .map((all) => all.flat().join("").toWellFormed());

/** The same, cut anywhere. */
export const cutLinkText: fc.Arbitrary<string[]> = linkText.chain((whole) =>
  fc
    .array(fc.nat({ max: whole.length }), { maxLength: 6 })
    .map((cuts) => [0, ...cuts.toSorted((a, b) => a - b), whole.length])
    .map((places) => places.slice(1).map((end, index) => whole.slice(places[index], end))),
);
