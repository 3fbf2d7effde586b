import { describe, expect, it } from "vitest";
import { BlockReader } from "./block-reader.ts";
import { plainText } from "./plain-text.ts";
import { withMarks } from "./source-marks.ts";
import type { Block } from "./syntax-tree.ts";
import { blocksToHtml } from "./testing/blocks-to-html.ts";

const bytes = (text: string) => new TextEncoder().encode(text).length;

/** Puts a source's number at each `¹`, `²`, … of a text, and renders it. */
function shown(text: string, whole = true): string {
  const own = text.replaceAll(/[¹²³]/g, "");
  const marks = [...text.matchAll(/[¹²³]/g)].map(({ 0: sign, index }) => ({
    n: "¹²³".indexOf(sign) + 1,
    end: bytes(text.slice(0, index).replaceAll(/[¹²³]/g, "")),
  }));
  return blocksToHtml(new BlockReader().read(withMarks(own, marks, whole), whole));
}

describe("the numbers of sources", () => {
  it.each([
    [
      "in a sentence",
      "Three weeks¹. Not **more**².",
      "<p>Three weeks<sup>1</sup>. Not <strong>more</strong><sup>2</sup>.</p>",
    ],
    ["one after the other", "So¹².", "<p>So<sup>1</sup><sup>2</sup>.</p>"],
    ["behind a blank", "So ¹it is", "<p>So<sup>1</sup> it is</p>"],
    ["on a line of their own", "So.\n\n¹", "<p>So.<sup>1</sup></p>"],
    ["within bold text that ends in a quote", '**"yes"¹**no', "<p>**&quot;yes&quot;<sup>1</sup>**no</p>"],
    [
      "in scripts without blanks",
      "三週間¹以内に**返品**²できます。",
      "<p>三週間<sup>1</sup>以内に<strong>返品</strong><sup>2</sup>できます。</p>",
    ],
    ["in Arabic", "خلال ثلاثة أسابيع¹.", "<p>خلال ثلاثة أسابيع<sup>1</sup>.</p>"],
    ["behind a pair of surrogates", "🫖¹ ok", "<p>🫖<sup>1</sup> ok</p>"],
    ["in items", "- a¹\n- b²", "<ul><li>a<sup>1</sup></li><li>b<sup>2</sup></li></ul>"],
    ["in a heading", "# Title¹\ntext", "<h1>Title<sup>1</sup></h1><p>text</p>"],
    [
      "in cells",
      "| a | b |\n|---|---|\n| x¹ | y |²\n| z | ³ |",
      "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>x<sup>1</sup></td><td>y<sup>2</sup></td></tr><tr><td>z</td><td><sup>3</sup></td></tr></tbody></table>",
    ],
  ])("stand %s", (_, text, html) => {
    expect(shown(text)).toBe(html);
  });

  it.each([
    ["a span of code", "`items¹[7]` so", "<p><code>items[7]</code><sup>1</sup> so</p>"],
    ["a block of code", "```js¹\nlet a;¹\n```¹\nend", '<pre><code class="language-js">let a;</code></pre><p>end</p>'],
    [
      "an address",
      "see https://a.example/b¹/c²! ok",
      '<p>see <a href="https://a.example/b/c">https://a.example/b/c</a><sup>1</sup><sup>2</sup>! ok</p>',
    ],
    [
      "the address of a link",
      "[all¹](https://a.example/¹x) ok",
      '<p><a href="https://a.example/x">all</a><sup>1</sup><sup>1</sup> ok</p>',
    ],
    [
      "an address in brackets",
      "<https://a.example/¹x> ok",
      '<p><a href="https://a.example/x">https://a.example/x</a><sup>1</sup> ok</p>',
    ],
    ["a reference", "a &am¹p; b", "<p>a &amp;<sup>1</sup> b</p>"],
  ])("never stand within %s", (_, text, html) => {
    expect(shown(text)).toBe(html);
  });

  it("change nothing of the text, wherever they are and however far it has grown", () => {
    const texts = [
      "# One ##\n**Bold:** text\n- x\n  - [ ] y `z`\n1. a\n\n   b\n\n> quote\n> more\n\n---\nend",
      'a **b "c"** d, _e_ and ***f***; ~~g~~ [h *i*](https://a.example/(j) "k"), ![l](/m) and www.n.example.',
      "| a | b |\n|:--|--:|\n| **x** | `y \\| z` |\n| short |\n\nA | b\n```js\nlet a = b[1];\n```\nmail@o.example &amp; <br>é 🫖 注意：**请**。",
    ];
    for (const text of texts) {
      for (let at = 0; at <= text.length; at++) {
        for (const [part, whole] of [
          [text, true],
          [text.slice(0, at + 1), false],
        ] as const) {
          const marked = withMarks(part, [{ n: 1, end: bytes(text.slice(0, at)) }], whole);
          const plain = new BlockReader().read(part, whole);
          expect(withoutNumbers(new BlockReader().read(marked, whole)), JSON.stringify(marked)).toBe(
            blocksToHtml(plain),
          );
        }
      }
    }
  });

  it("stay where they are while the text grows", () => {
    const text = "It is *three weeks*, [see](https://a.b).\n\n- one\n- two\n\n| a | b |\n|---|---|\n| c | d |\nEnd.";
    for (let at = 1; at < text.length; at++) {
      const mark = [{ n: 1, end: at }];
      const reader = new BlockReader();
      let before: string | undefined;
      for (let end = at; end <= text.length; end++) {
        const part = text.slice(0, end);
        const now = wordsBefore(reader.read(withMarks(part, mark, end === text.length), end === text.length));
        if (before !== undefined) expect(now, JSON.stringify([text.slice(0, at), part])).toBe(before);
        before = now;
      }
    }
  });

  it("are no part of what a screen reader hears", () => {
    const blocks = new BlockReader().read(withMarks("So it is.", [{ n: 1, end: 8 }], true), true);
    expect(blocks.map(plainText)).toEqual(["So it is."]);
  });

  it("are those of the marks alone, up to 31, and only within the text", () => {
    const marks = [0, 31, 32, -1].map((n) => ({ n, end: 4 }));
    expect(withMarks("a\ufdd5b\ufdefc", [...marks, { n: 2, end: 99 }], true)).toBe("a\ufdefbc");
  });
});

function withoutNumbers(blocks: readonly Block[]): string {
  return blocksToHtml(blocks).replaceAll("<sup>1</sup>", "");
}

/** Words before the number, without their marks; `undefined` while it is not shown. */
function wordsBefore(blocks: readonly Block[]): string | undefined {
  const html = blocksToHtml(blocks);
  const at = html.indexOf("<sup>1</sup>");
  return at < 0 ? undefined : html.slice(0, at).replaceAll(/<[^>]*>/g, "");
}
