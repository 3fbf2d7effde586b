import { describe, expect, it } from "vitest";
import { blocksToHtml } from "./testing/blocks-to-html.ts";
import { BlockReader } from "./block-reader.ts";

const help = '<a href="https://shop.example/help">https://shop.example/help</a>';
const mail = '<a href="mailto:support@shop.example">support@shop.example</a>';

/**
 * Expected values of our own: marked and CommonMark read most of these in another way, since they know no scripts
 * without spaces, and GitHub's rules end an address only where English does.
 */
const texts: Record<string, readonly (readonly [from: string, to: string])[]> = {
  en: [
    ["**Note:** text", "<p><strong>Note:</strong> text</p>"],
    // As in CommonMark: between Latin letters, punctuation decides.
    ["**Note:**text", "<p>**Note:**text</p>"],
    ["a**(b)**c", "<p>a**(b)**c</p>"],
    ["**Great news!**🎉", "<p><strong>Great news!</strong>🎉</p>"],
    ["😀_done_ ❤️_done_ 👍🏽_done_ 1️⃣_done_", "<p>😀<em>done</em> ❤️<em>done</em> 👍🏽<em>done</em> 1️⃣<em>done</em></p>"],
    ["snake_case_name", "<p>snake_case_name</p>"],
    ["“https://shop.example/help”", `<p>“${help}”</p>`],
    ["See [https://shop.example/help].", `<p>See [${help}].</p>`],
    ["(see https://shop.example/help), or", `<p>(see ${help}), or</p>`],
    ["https://shop.example/help—then", `<p>${help}—then</p>`],
    ["https://shop.example/help… https://shop.example/help!", `<p>${help}… ${help}!</p>`],
    ["**https://shop.example/help**.", `<p><strong>${help}</strong>.</p>`],
    ["https://shop.example/help🎉", `<p>${help}🎉</p>`],
    [
      "https://a.example/w/A_(B) (https://a.example/w/A_(B))",
      '<p><a href="https://a.example/w/A_(B)">https://a.example/w/A_(B)</a> (<a href="https://a.example/w/A_(B)">https://a.example/w/A_(B)</a>)</p>',
    ],
    ["xhttps://shop.example/help", "<p>xhttps://shop.example/help</p>"],
    ["support@shop.example, _support@shop.example_", `<p>${mail}, <em>${mail}</em></p>`],
    [
      "lodash@4.17.21 react@18.3.0-beta.1 @types/node@24.x",
      "<p>lodash@4.17.21 react@18.3.0-beta.1 @types/node@24.x</p>",
    ],
    ["git@github.example:a/b.git a@b a@b.c@d.example", "<p>git@github.example:a/b.git a@b a@b.c@d.example</p>"],
    ["user@163.example", '<p><a href="mailto:user@163.example">user@163.example</a></p>'],
    ["It&rsquo;s caf&eacute;, &frac12; &thinsp;&nosuch;", "<p>It’s café, ½ \u2009&amp;nosuch;</p>"],
    ["[x](https://a.example/w/A_(B_(C)))", '<p><a href="https://a.example/w/A_(B_(C))">x</a></p>'],
    [
      '[x](/a (title)) [y](/b \'title\') [z](</c d> "t\\"u")',
      '<p><a href="/a">x</a> <a href="/b">y</a> <a href="/c d">z</a></p>',
    ],
    [
      "[see [1]](/a) [a `]` b](/c) [a \\] b](/d)",
      '<p><a href="/a">see [1]</a> <a href="/c">a <code>]</code> b</a> <a href="/d">a ] b</a></p>',
    ],
    ["[a [b](/c) d](/e)", '<p>[a <a href="/c">b</a> d](/e)</p>'],
    ["[a](/b c) [d](/e(f)", "<p>[a](/b c) [d](/e(f)</p>"],
    ["```make\nall:\n\tcc x.c\n```", '<pre><code class="language-make">all:\n\tcc x.c</code></pre>'],
    ["- a\n\n  ```\n  all:\n  \tcc\n  ```", "<ul><li>a<pre><code>all:\n\tcc</code></pre></li></ul>"],
    ["1.\ta\n\t- b\n\t- c\n2.\td", "<ol><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ol>"],
  ],
  de: [
    ["„https://shop.example/help“", `<p>„${help}“</p>`],
    ["»https://shop.example/help« ‚https://shop.example/help‘", `<p>»${help}« ‚${help}‘</p>`],
    ["**„Größe“** und *„Maß“*", "<p><strong>„Größe“</strong> und <em>„Maß“</em></p>"],
    [
      "https://müller.example/größe?",
      '<p><a href="https://müller.example/größe">https://müller.example/größe</a>?</p>',
    ],
    ["müllerhttps://shop.example/help", "<p>müllerhttps://shop.example/help</p>"],
    ["Gr&ouml;&szlig;e &bdquo;M&ldquo;", "<p>Größe „M“</p>"],
  ],
  fr: [
    ["« https://shop.example/help »", `<p>« ${help} »</p>`],
    ["«https://shop.example/help»", `<p>«${help}»</p>`],
    ["**Attention :** voir", "<p><strong>Attention :</strong> voir</p>"],
    ["«**Été**» l’**été**", "<p>«<strong>Été</strong>» l’<strong>été</strong></p>"],
    ["&laquo;&nbsp;d&eacute;j&agrave;&nbsp;&raquo;", "<p>«\u00a0déjà\u00a0»</p>"],
  ],
  es: [
    ["¿https://shop.example/help?", `<p>¿${help}?</p>`],
    ["¡**Atención**! ¿*Qué*?", "<p>¡<strong>Atención</strong>! ¿<em>Qué</em>?</p>"],
    ["**¡Listo!**🎉", "<p><strong>¡Listo!</strong>🎉</p>"],
    ["A&ntilde;o &iquest;qu&eacute;?", "<p>Año ¿qué?</p>"],
  ],
  pt: [
    ["“https://shop.example/help”, é", `<p>“${help}”, é</p>`],
    ["**Não** são: *ações*.", "<p><strong>Não</strong> são: <em>ações</em>.</p>"],
    ["Escreva para support@shop.example.", `<p>Escreva para ${mail}.</p>`],
    ["n&atilde;o a&ccedil;&otilde;es", "<p>não ações</p>"],
  ],
  ja: [
    ["返品は**無料。**詳しくは", "<p>返品は<strong>無料。</strong>詳しくは</p>"],
    ["これは**「重要」**です。", "<p>これは<strong>「重要」</strong>です。</p>"],
    ["次の**（注）**を", "<p>次の<strong>（注）</strong>を</p>"],
    ["**送料(税込)**は*無料!*です", "<p><strong>送料(税込)</strong>は<em>無料!</em>です</p>"],
    ["~~旧価格：~~新価格", "<p><del>旧価格：</del>新価格</p>"],
    ["ｶﾀｶﾅ**「ﾃｽﾄ」**ｶﾅ", "<p>ｶﾀｶﾅ<strong>「ﾃｽﾄ」</strong>ｶﾅ</p>"],
    ["𠮷**「野」**𠮷 葛\u{e0100}**(注)**葛", "<p>𠮷<strong>「野」</strong>𠮷 葛\u{e0100}<strong>(注)</strong>葛</p>"],
    ["詳細はhttps://shop.example/help。", `<p>詳細は${help}。</p>`],
    ["「https://shop.example/help」、", `<p>「${help}」、</p>`],
    ["https://shop.example/helpをご覧ください", `<p>${help}をご覧ください</p>`],
    ["https://shop.exampleをご覧", '<p><a href="https://shop.example">https://shop.example</a>をご覧</p>'],
    ["https://shop.example/をご覧", '<p><a href="https://shop.example/">https://shop.example/</a>をご覧</p>'],
    [
      "https://ja.example/wiki/日本語。",
      '<p><a href="https://ja.example/wiki/日本語">https://ja.example/wiki/日本語</a>。</p>',
    ],
    ["https://日本語.example/a！", '<p><a href="https://日本語.example/a">https://日本語.example/a</a>！</p>'],
    ["メールはsupport@shop.exampleへ", `<p>メールは${mail}へ</p>`],
  ],
  zh: [
    ["**经过三轮测试，**我们", "<p><strong>经过三轮测试，</strong>我们</p>"],
    ["**注意：**退货需要原包装", "<p><strong>注意：</strong>退货需要原包装</p>"],
    ["**注意：**Text", "<p><strong>注意：</strong>Text</p>"],
    ["**经过三轮测试**，我们", "<p><strong>经过三轮测试</strong>，我们</p>"],
    ["他说**“你好”**。《**书**》", "<p>他说<strong>“你好”</strong>。《<strong>书</strong>》</p>"],
    ["**等等……**我们*（注）*说", "<p><strong>等等……</strong>我们<em>（注）</em>说</p>"],
    ["价格**￥100**元，**20%**折扣", "<p>价格<strong>￥100</strong>元，<strong>20%</strong>折扣</p>"],
    ["请看https://shop.example/help。谢谢", `<p>请看${help}。谢谢</p>`],
    ["链接：https://shop.example/help，谢谢", `<p>链接：${help}，谢谢</p>`],
    ["（https://shop.example/help）；【https://shop.example/help】", `<p>（${help}）；【${help}】</p>`],
    ["(https://shop.example/help)谢谢", `<p>(${help})谢谢</p>`],
    ["**https://shop.example/help**。好", `<p><strong>${help}</strong>。好</p>`],
    ["https://shop.example/help谢谢", `<p>${help}谢谢</p>`],
    ["请联系support@shop.example，谢谢", `<p>请联系${mail}，谢谢</p>`],
    ["见www.shop.example。", '<p>见<a href="https://www.shop.example">www.shop.example</a>。</p>'],
  ],
  ar: [
    ["هل زرت https://shop.example/help؟", `<p>هل زرت ${help}؟</p>`],
    ["https://shop.example/help، ثم https://shop.example/help؛", `<p>${help}، ثم ${help}؛</p>`],
    ["https://shop.example/help\u200f.", `<p>${help}\u200f.</p>`],
    ["\u200f**«مهم»**\u200f جدا", "<p>\u200f<strong>«مهم»</strong>\u200f جدا</p>"],
    ["**ملاحظة:** نص و*نص*", "<p><strong>ملاحظة:</strong> نص و<em>نص</em></p>"],
    ["https://ar.example/wiki/مصر.", '<p><a href="https://ar.example/wiki/مصر">https://ar.example/wiki/مصر</a>.</p>'],
    ["راسلنا: support@shop.example؛", `<p>راسلنا: ${mail}؛</p>`],
  ],
  ko: [
    ['**중요합니다.**라고 **"문구"**는', "<p><strong>중요합니다.</strong>라고 <strong>&quot;문구&quot;</strong>는</p>"],
    ["https://shop.example/help에서", `<p>${help}에서</p>`],
  ],
};

describe.each(Object.entries(texts))("a reply in %s", (_language, each) => {
  it.each(each)("reads %j as %j", (from, to) => {
    expect(blocksToHtml(new BlockReader().read(from, true))).toBe(to);
  });
});
