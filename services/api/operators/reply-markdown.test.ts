import { expect, it } from "vitest";
import { firstSentence } from "./format.ts";
import { replyMarkdown } from "./reply-markdown.ts";

it.each([
  ["**a** b", '<p dir="auto"><strong>a</strong> b</p>'],
  ["**[a](https://a.example/)**", '<a href="https://a.example/"'],
  ["# Title\nText", '<p dir="auto"><strong>Title</strong></p><p dir="auto">Text</p>'],
  ["1. one\n2. two", '<ul><li dir="auto">1. one</li><li dir="auto">2. two</li></ul>'],
  ["```js\n<b>**x**\n```\nafter", '<pre dir="ltr"><code>&lt;b&gt;**x**</code></pre><p dir="auto">after</p>'],
  ["see https://a.example/x.", 'nofollow">https://a.example/x</a>.</p>'],
  ["看https://a.example/路", 'nofollow">https://a.example/</a>路'],
  ["[shop](https://evil.example/)", '<span class="note">(https://evil.example/)</span>'],
])("renders %s", (text, expected) => {
  expect(replyMarkdown(text).toString().replaceAll(/>\s+</g, "><")).toContain(expected);
});

it.each([
  "<script>x</script>",
  '[x](javascript:alert("1"))',
  "[x](data:text/html,1)",
  '"><img src=x>',
  '[a](https://a"b)',
])("makes no element of %s", (text) => {
  expect(replyMarkdown(text).toString()).not.toMatch(
    /<(?!\/?(p|a|span|strong|code)\b)|href="(?!https:\/\/)|="[^"]*"[^\s>]/,
  );
});

it.each([
  ["Where is it? I wait.", "Where is it?"],
  ["我的订单在哪里？我等了很久。", "我的订单在哪里？"],
  ["  one\n line  ", "one line"],
  ["", ""],
  ["👨‍👩‍👧‍👦".repeat(200), `${"👨‍👩‍👧‍👦".repeat(119)}…`],
])("takes the first sentence of %s", (text, expected) => {
  expect(firstSentence(text)).toBe(expected);
});
