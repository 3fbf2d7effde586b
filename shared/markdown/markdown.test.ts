import { marked } from "marked";
import { describe, expect, it } from "vitest";
import { blocksToHtml as html } from "./testing/blocks-to-html.ts";
import { BlockReader } from "./block-reader.ts";
import { plainText } from "./plain-text.ts";
import { safeUrl } from "./render-blocks.ts";
import type { Block } from "./syntax-tree.ts";

/** Texts as models write them. Marked, which knows all of GitHub's markdown, must read them the same way. */
const shared = [
  "Use snake_case_name and 2 * 3 * 4 = 24. **bold**, *it*, __b__, _i_, ***both***, ~~gone~~.",
  'a **bold *nested* text** b, *a **b** c*, **a*b*c**, 5*3*2 and **"quoted"**text',
  "`code with ** inside`, ``a ` b``, ` `` ` and an unclosed `",
  "unclosed **bold and *it and _this",
  "\\*no\\* \\_no\\_ 1\\. \\# \\| \\\\ \\a",
  "&amp; &lt;b&gt; &#33; AT&T",
  "[link (x)](https://e.com/a_(b)), [a](b c), [not a link]",
  "[**bold** `code`](https://e.com) and **[x](https://e.com)**",
  "<https://x.y/?a=1&b=2> and https://x.y/z_a_b. Next, (https://foo.bar), http://a.b/c?x=1&y=2, and a@b.example.",
  "Line one\nline two  \nline three\\\nfour\n\n\nnew",
  "# One\n## Two ##\n### Three\n#### Four `x`\n####### seven\n#nospace",
  "text\n# heading\ntext\n\n***\n---\n___\ntext",
  "- a\n- b\n  - c\n    - d\n- e",
  "* a\n* b\n\n* c",
  "1. One\n   - a\n   - b\n2. Two\n\n   More text\n\n3. Three",
  "Steps:\n1. x\n    1. y\n        - z\n2. w",
  "3. three\n4. four",
  "1) one\n2) two",
  "**Bold:** text\n- x\n- y\ntext after",
  "in the year\n2024. Then",
  "- [ ] todo\n- [x] done",
  "- a\n\n  para in a\n\n  ```\n  code in a\n  ```\n- b",
  "1. One:\n   ```js\n   let a = 1;\n     let b;\n   ```\n2. Two",
  "1. One:\n\n```js\nlet a = 1;\n```\n\n2. Two",
  "```\n<b>&amp; **x**\n```\n~~~~ py\n```\n~~~\n~~~~\ntext",
  "```js\nnever closed\n\n- x",
  "> quote\n> more\n\nout\n\n> a\n> - b\n>\n> c\nlazy",
  "- item\n  > quote\n\n- x",
  "| a | b |\n|---|:-:|\n| **x** | `y` |\n| [l](http://a.b) | a \\| b |\n| short |\n| too | many | cells |\n\nafter",
  "Text\n| a | b |\n|--:|:--|\n| 1 | 2 |",
  "| not a table | really\nnext",
  "| a |\n|---|\n\n| b |\n|---|\n| c |",
  "\u200fمرحبا **عالم**\n\n1. واحد\n2. اثنان",
  "これは**太字**です。*斜体*、`コード`。",
  "😀 **👩‍👩‍👧** ok",
  "5 < 6 && 7 > 3",
  "a | b\nc | d",
];

/** Texts that we read differently, and mean to. */
const ours = [
  {
    what: "an underline makes no heading of the line before it",
    from: "a\n---\nb\n===",
    to: "<p>a</p><hr><p>b<br>===</p>",
  },
  { what: "indented text is text", from: "a\n\n    b", to: "<p>a</p><p>b</p>" },
  {
    what: "HTML is text",
    from: "<b onclick=x>hi</b> <!-- x -->",
    to: "<p>&lt;b onclick=x&gt;hi&lt;/b&gt; &lt;!-- x --&gt;</p>",
  },
  { what: "but for a line break", from: "a<br>b<BR />c", to: "<p>a<br>b<br>c</p>" },
  {
    what: "a block of HTML is text",
    from: "<div>\n**x**\n</div>",
    to: "<p>&lt;div&gt;<br><strong>x</strong><br>&lt;/div&gt;</p>",
  },
  {
    what: "an image is a link",
    from: "![alt](https://e.com/i.png)",
    to: '<p><a href="https://e.com/i.png">alt</a></p>',
  },
  { what: "an image in a link too", from: "[![alt](/i)](https://e.com)", to: '<p><a href="https://e.com">alt</a></p>' },
  {
    what: "a link has no title",
    from: '[t](<https://e.com/a b> "Title")',
    to: '<p><a href="https://e.com/a b">t</a></p>',
  },
  { what: "a link without a label shows where it leads", from: "[](/x)", to: '<p><a href="/x">/x</a></p>' },
  {
    what: "a table ends with its last row",
    from: "|a|\n|-|\n|b|\nc",
    to: "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table><p>c</p>",
  },
  { what: "references to characters are characters", from: "&copy; &nosuch; &#0;", to: "<p>© &amp;nosuch; \ufffd</p>" },
  { what: "one wave is no mark", from: "~5 to ~6", to: "<p>~5 to ~6</p>" },
  { what: "links are looked up nowhere", from: "[a][b]\n\n[b]: /x", to: "<p>[a][b]</p><p>[b]: /x</p>" },
  {
    what: "two spaces are enough to nest",
    from: "1. a\n  - b\n2. c",
    to: "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>",
  },
  {
    what: "bare hosts are reached safely",
    from: "www.a.example",
    to: '<p><a href="https://www.a.example">www.a.example</a></p>',
  },
];

/** HTML shown of a text that has come so far. */
const growing = [
  ["**bold te", "<p><strong>bold te</strong></p>"],
  ["**bold text*", "<p><strong>bold text</strong></p>"],
  ["so **", "<p>so </p>"],
  ["***a** b", "<p><em><strong>a</strong> b</em></p>"],
  ["a ~~b", "<p>a <del>b</del></p>"],
  ["see `npm ins", "<p>see <code>npm ins</code></p>"],
  ["see `", "<p>see </p>"],
  ["``a ` b", "<p><code>a ` b</code></p>"],
  ["[the la", "<p>the la</p>"],
  ["[the label]", "<p>the label</p>"],
  ["[the label](https://evil", "<p>the label</p>"],
  ["an ![image](https://x", "<p>an image</p>"],
  ["at https://example.com/pa", "<p>at https://example.com/pa</p>"],
  ["at https://example.com/path ", '<p>at <a href="https://example.com/path">https://example.com/path</a> </p>'],
  ["a\n-", "<p>a</p>"],
  ["a\n--", "<p>a</p>"],
  ["#", ""],
  ["## ", ""],
  ["## A", "<h2>A</h2>"],
  ["- a\n-", "<ul><li>a</li></ul>"],
  ["1. a\n2", "<ol><li>a</li></ol>"],
  ["1. a\n2.", "<ol><li>a</li></ol>"],
  ["1", ""],
  ["a\n``", "<p>a</p>"],
  ["```js", '<pre><code class="language-js"></code></pre>'],
  ["```js\nlet a\n``", '<pre><code class="language-js">let a</code></pre>'],
  ["| a | b |", ""],
  ["| a | b |\n|--", ""],
  ["| a | b |\n|---|---|", "<table><thead><tr><th>a</th><th>b</th></tr></thead></table>"],
  [
    "| a |\n|---|\n| **b",
    "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td><strong>b</strong></td></tr></tbody></table>",
  ],
  ["x\n\n| no", "<p>x</p>"],
  ["> quo", "<blockquote><p>quo</p></blockquote>"],
  ["AT&T", "<p>AT</p>"],
  ["a \\", "<p>a </p>"],
  ["**[", "<p></p>"],
  ["**`", "<p></p>"],
  ["a ~", "<p>a </p>"],
  ["5*", "<p>5</p>"],
  ["a<br", "<p>a</p>"],
  ["a<br /", "<p>a</p>"],
  ["see <https://e.com/a", "<p>see https://e.com/a</p>"],
  ["**https://e.com/a**", "<p><strong>https://e.com/a</strong></p>"],
  ["[x](https://e.com/A_(B)", "<p>x</p>"],
  ["[x](<https://e.com/a b", "<p>x</p>"],
  ['[x](/a "a title', "<p>x</p>"],
  ["[x](/a b", "<p>[x](/a b</p>"],
  ["- [x", "<ul><li></li></ul>"],
  ["- [x] a", "<ul><li>[x] a</li></ul>"],
  ["* *", ""],
  ["Item | Pri", "<p>Item</p>"],
  ["Item | Price\n---|", ""],
  ["Item | Price\n---|---\nTea", "<table><thead><tr><th>Item</th><th>Price</th></tr></thead></table>"],
  ["Text\n| a | b", "<p>Text</p>"],
  ["Text\na | b\n--", "<p>Text</p>"],
  ["use `a | b` here", "<p>use <code>a | b</code> here</p>"],
] as const;

describe("markdown", () => {
  it.each(shared)("parses like marked: %j", (source) => {
    expect(html(read(source))).toBe(reference(source));
  });

  it.each(ours)("$what", ({ from, to }) => {
    expect(html(read(from))).toBe(to);
  });

  it.each(growing)("renders %j as %j while growing", (source, shown) => {
    expect(html(new BlockReader().read(source, false))).toBe(shown);
  });

  it("renders the same for any sequence of deltas", () => {
    const source = [...shared, ...ours.map(({ from }) => from)].join("\n\n");
    for (const step of [1, 2, 3, 7, 50]) {
      const reader = new BlockReader();
      for (let end = 0; end < source.length; end += step) reader.read(source.slice(0, end), false);
      expect(html(reader.read(source, true))).toBe(html(read(source)));
    }
  });

  it("never shows markup that is still incomplete", () => {
    const source =
      "A **bold** word, a [link](https://example.com/x), `code`, *it*.\n\n- **One**: `a`\n- [Two](https://e.com)\n";
    const reader = new BlockReader();
    for (let end = 1; end <= source.length; end++) {
      const shown = reader.read(source.slice(0, end), false).map(plainText).join("\n");
      expect(shown).not.toMatch(/[*`[\]]|\]\(/);
    }
  });

  it.each([
    "**经过三轮测试，**我们。请看[帮助](https://e.com/a_(b))，或*邮件*。",
    "هذا **مهم** و[رابط](<https://e.com/a b> 'x')، ثم ~~قديم~~.\n\n| أ | ب |\n|---|---|\n| 1 | **2** |\n",
    "Item | Price\n--- | ---\nTea | 2\nCoffee | 3\n",
    "Text\nItem | Price\n--- | ---\nTea | 2\n",
    "a<br>b<br/>c <https://e.com/a> ![d](/e 'f') ***g** h* __i__ ``j k``\n",
    "* * *\n- [x] done\n- [ ] open\n- [link](/a)\n\n> 1. **a**\n> 2. `b`\n",
  ])("shows no mark of %j at any length", (source) => {
    for (let end = 1; end <= source.length; end++) {
      const reader = new BlockReader();
      expect(plainTextOf(reader.read(source.slice(0, end), false))).not.toMatch(/[*_`~[\]|<>()]/);
    }
  });

  it("keeps the items, rows and paragraphs that are final", () => {
    const reader = new BlockReader();
    const text = "- a\n- b\n  - c\n  - d\n- e\n  1. f\n  2. g\n  3. h";
    const items = (blocks: readonly Block[]) => (blocks[0]?.type === "list" ? blocks[0].items : []);
    const before = items(reader.read(text, false));
    const after = items(reader.read(`${text} and more\n- i\n- j\n`, false));
    expect(after).toHaveLength(5);
    expect(after.slice(0, 2).every((item, index) => item === before[index])).toBe(true);
  });

  it("parses only the last block again", () => {
    const reader = new BlockReader();
    const text = "one\n\ntwo\n\n- three\n- four\n\nfive";
    const before = [...reader.read(text, false)];
    const after = reader.read(`${text} and six\n\nseven\neight\nnine\n`, false);
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toBe(before[1]);
  });

  it.each(["> - r\n- a", "- - a\n  - b\n  - c\n- - a\n    more", "> a\n>\n> # b\n> c\n\n- a\n  d"])(
    "reads %j the same, whatever its inner readers read before",
    (source) => {
      const reader = new BlockReader();
      for (let end = 1; end <= source.length; end++) {
        const text = source.slice(0, end);
        expect(html(reader.read(text, false))).toBe(html(new BlockReader().read(text, false)));
      }
    },
  );

  it("restarts when the text does", () => {
    const reader = new BlockReader();
    reader.read("first try\n\nwith more\n\nand more", false);
    expect(html(reader.read("second", false))).toBe("<p>second</p>");
  });

  it.each(["[", "![", "*a ", "**a", "> ", "- ", "`a``", "[a](", "<a", "_a*", "|", "~~a", "a@b.", "- a\n  ", "&#"])(
    "takes a reply of nothing but %j in its stride",
    (sign) => {
      const blocks = read(sign.repeat(4000));
      expect(depth(blocks)).toBeLessThan(40);
      expect(plainTextOf(new BlockReader().read(sign.repeat(4000), false))).toBeTypeOf("string");
    },
  );

  it("is read aloud without its markup", () => {
    expect(plainTextOf(read("# Hi **you**\n\n1. a `b`\n2. [c](https://d.e)\n\n| x | y |\n|---|---|\n| 1 | 2 |"))).toBe(
      "Hi you\na b\nc\nx, y\n1, 2",
    );
  });
});

describe("address in a reply", () => {
  it.each([
    ["https://example.com/a?b=c#d", "https://example.com/a?b=c#d"],
    ["/returns", "https://shop.example/returns"],
    ["mailto:a@b.example", "mailto:a@b.example"],
    ["tel:+491234", "tel:+491234"],
  ])("%j leads to %j", (address, to) => {
    expect(safeUrl(address, "https://shop.example/page")).toBe(to);
  });

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://shop.example/1",
    "about:blank",
    "intent://x#Intent;end",
    "https://",
  ])("%j leads nowhere", (address) => {
    expect(safeUrl(address, "https://shop.example/page")).toBeUndefined();
  });
});

function read(source: string): readonly Block[] {
  return new BlockReader().read(source, true);
}

function plainTextOf(blocks: readonly Block[]): string {
  return blocks.map(plainText).join("\n");
}

/** Marked's own HTML, without what stands between blocks, with items as tight ones. */
function reference(source: string): string {
  return marked
    .parse(source, { async: false, breaks: true })
    .replace(/<input (checked="" )?disabled="" type="checkbox">/g, (_, checked) => (checked ? "[x]" : "[ ]"))
    .replace(/<li>[^]*?(?=<\/li>|<[uo]l|<blockquote)/g, (item) => item.replace(/<\/?p>/g, ""))
    .replace(/(<\/(?:ul|ol|pre|table|blockquote)>)\n<p>([^]*?)<\/p>\n<\/li>/g, "$1$2</li>")
    .replace(/\n(?=<)/g, "")
    .replace(/>\n/g, ">")
    .replace(/\n<\/code>/g, "</code>")
    .trim();
}

/** How deep elements would stand in each other. */
function depth(tree: unknown): number {
  if (Array.isArray(tree)) return Math.max(0, ...tree.map(depth));
  if (typeof tree !== "object" || tree === null) return 0;
  return 1 + Math.max(0, ...Object.values(tree).map(depth));
}
