import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { openScripted, patience, type ScriptedOptions, type ScriptedWidget, talk } from "./scripted-widget.ts";
import { openWidgetHost, type WidgetHost } from "./widget-host.ts";

/** Texts that an attacker may bring a model to write. Each would call `harm` if anything of it ran. */
const attacks = [
  "<script>harm()</script>",
  "<img src=x onerror=harm()>",
  "<svg onload=harm()><animate onbegin=harm() attributeName=x dur=1s></svg>",
  "<svg><script>harm()</script></svg>",
  "<math><mtext></mtext><mglyph><style><img src=x onerror=harm()></style></mglyph></math>",
  '<iframe srcdoc="<script>parent.harm()</script>"></iframe>',
  '<iframe src="javascript:parent.harm()"></iframe>',
  "<style>@import 'https://evil.example/x.css'; * { display: none }</style>",
  '<link rel="stylesheet" href="https://evil.example/x.css">',
  '<base href="https://evil.example/">',
  '<meta http-equiv="refresh" content="0;url=javascript:harm()">',
  '<object data="javascript:harm()"></object><embed src="javascript:harm()">',
  '<form action="javascript:harm()"><button>go</button><input name="harm"></form>',
  '<form id="scripted"><input name="set"><input id="attributes"></form>',
  '<a id="customElements" name="customElements" href="x">c</a>',
  '<div style="position:fixed;inset:0;background:red">over all</div>',
  "<details open ontoggle=harm()>x</details><video><source onerror=harm()></video>",
  '<template><script>harm()</script></template><noscript><p title="</noscript><img src=x onerror=harm()>">',
  "[click](javascript:harm())",
  "[click](JaVaScRiPt&colon;harm())",
  "[click](java\tscript:harm())",
  "[click](&#106;avascript:harm())",
  "[click](\u0001javascript:harm())",
  "[click](data:text/html;base64,PHNjcmlwdD5oYXJtKCk8L3NjcmlwdD4=)",
  "[click](vbscript:harm())",
  "[click](<javascript:harm()>)",
  '[click](https://e.com" onclick="harm())',
  '[click](https://e.com "title" onclick="harm())',
  "![x](javascript:harm())",
  "![x](https://evil.example/pixel.png)",
  '![x](x"onerror="harm())',
  "<javascript:harm()>",
  '<https://e.com/"onclick="harm()>',
  'https://e.com/"onclick="harm()',
  "javascript:harm()",
  "```html\n<script>harm()</script>\n```",
  '```"><img src=x onerror=harm()>\nx\n```',
  "`<img src=x onerror=harm()>`",
  "| <img src=x onerror=harm()> |\n|---|\n| [x](javascript:harm()) |",
  "# <img src=x onerror=harm()>",
  "- <svg/onload=harm()>",
  "> <script>harm()</script>",
  "<!-- --><img src=x onerror=harm()> --!>",
  "<scr<script>ipt>harm()</scr</script>ipt>",
  "\ud800<img src=x onerror=harm()>\ufffe",
  "${harm()} {{harm()}} <?lit$harm()$>",
  "<?lit$123456789$><!--?lit$1$-->",
];

let host: WidgetHost;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("Markdown replies in the widget", () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [host, browser] = await Promise.all([openWidgetHost(), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it("run no script, load no resource and stay inside their element, whatever they contain", async () => {
    // Without a policy of the page: the renderer alone has to hold.
    await using widget = await open({ policy: "", context: {} });
    const { page } = widget;
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.evaluate("window.harmed = []; window.harm = () => harmed.push(1)");
    const purifier = await readFile(createRequire(import.meta.url).resolve("dompurify/dist/purify.js"), "utf8");
    await page.evaluate(purifier);
    for (const attack of attacks) {
      // While it grows, and whole.
      for (let end = 1; end < attack.length; end += 5) {
        await widget.put(talk.reply(attack.slice(0, end), { phase: "writing" }));
      }
      await widget.put(talk.reply(attack));
      const shown = await widget.read<{ html: string; tags: string[]; links: string[] }>(".reply .text", description);
      expect(
        shown.tags.filter((tag) => !allowedTags.has(tag)),
        attack,
      ).toEqual([]);
      expect(
        shown.links.filter((href) => !/^(https?|mailto|tel):/.test(href)),
        attack,
      ).toEqual([]);
      expect(await page.evaluate(`sanitized(${JSON.stringify(shown.html)})`), attack).toBe(shown.html);
      for (const link of await page.locator(".reply a").all()) await link.dispatchEvent("click", { bubbles: false });
    }
    expect(await page.evaluate("harmed")).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(host.assets))).toEqual([]);
    expect(await page.evaluate("document.querySelector('parley-chat').isConnected && 'set' in scripted")).toBe(true);
  });

  it("open links in a new tab without a referrer", async () => {
    await using widget = await open();
    await widget.put(talk.reply("See [our page](https://example.com/a) or https://example.com/b, or <a@b.example>."));
    const links = widget.page.locator(".reply a");
    await links.first().waitFor();
    for (const link of await links.all()) {
      expect(await link.getAttribute("target")).toBe("_blank");
      expect(await link.getAttribute("rel")).toBe("noopener noreferrer nofollow");
    }
    expect(await links.count()).toBe(3);
  });

  it("show images as links to them", async () => {
    await using widget = await open();
    await widget.put(talk.reply("![a map](https://example.com/map.png)"));
    const link = widget.page.getByRole("link", { name: "a map" });
    expect(await link.getAttribute("href")).toBe("https://example.com/map.png");
    expect(await widget.page.locator(".reply img").count()).toBe(0);
  });

  it("can be scrolled by keyboard where they are wider than the panel", async () => {
    await using widget = await open();
    const row = (cell: string) => `|${`${cell}|`.repeat(12)}`;
    const table = [row("a"), row("-"), row("word")].join("\n");
    await widget.put(talk.reply(`\`\`\`\n${"wide ".repeat(60)}\n\`\`\`\n\n${table}`));
    for (const name of ["Code", "Table"]) {
      const region = widget.page.getByRole("region", { name });
      await region.focus();
      await widget.page.keyboard.press("ArrowRight");
      const left = () => widget.read<number>(name === "Code" ? ".code pre" : ".table", "it.scrollLeft");
      await expect.poll(left, patience).toBeGreaterThan(0);
    }
    expect(await widget.read<number>(".log", "it.scrollWidth - it.clientWidth")).toBe(0);
  });

  it.each([
    ["starts at the right in Arabic", "| المنتج | السعر |\n|---|---:|\n| iPhone 15 | -5 % |", "rtl", ["right", "left"]],
    [
      "does so behind a brand",
      "| SKU | السعر | الكمية |\n|:--|--:|:-:|\n| أ | ب | ج |",
      "rtl",
      ["right", "left", "center"],
    ],
    [
      "starts at the left in English",
      "| Item | السعر | Sum |\n|:--|--:|---|\n| أ | 2 | a |",
      "ltr",
      ["left", "right", "left"],
    ],
  ])("have a table that %s", async (_name, table, direction, aligned) => {
    await using widget = await open();
    await widget.put(talk.reply(table));
    const shown = await widget.read<{ direction: string; aligned: string[][]; lefts: number[] }>(
      ".table",
      `(() => {
        const rows = [...it.querySelectorAll("tr")].map((row) => [...row.cells]);
        return {
          direction: getComputedStyle(it.querySelector("table")).direction,
          aligned: rows.map((cells) => cells.map((cell) => getComputedStyle(cell).textAlign)),
          lefts: rows[0].map((cell) => cell.getBoundingClientRect().left),
        };
      })()`,
    );
    expect(shown.direction).toBe(direction);
    expect(shown.aligned).toEqual([aligned, aligned]);
    expect(shown.lefts).toEqual(shown.lefts.toSorted((a, b) => (direction === "ltr" ? a - b : b - a)));
  });

  it("keep the visitor's text selection while they grow", async () => {
    await using widget = await open();
    await widget.put(talk.reply("The first paragraph.\n\nAnd", { phase: "writing" }));
    await widget.page.getByText("The first paragraph.").waitFor();
    const select = `(() => {
      const text = document.createTreeWalker(it, NodeFilter.SHOW_TEXT);
      while (!text.nextNode().data.includes("first"));
      getSelection().setBaseAndExtent(text.currentNode, 4, text.currentNode, 9);
    })()`;
    await widget.read(".reply p", select);
    await widget.put(
      talk.reply("The first paragraph.\n\nAnd a second\n\n- with a list\n- that grows", { phase: "writing" }),
    );
    await widget.page.getByText("that grows").waitFor();
    expect(
      await widget.read<string>(".panel", "it.getRootNode().getSelection?.().toString() ?? getSelection().toString()"),
    ).toBe("first");
  });
});

/** Tags that replies may be made of. */
const allowedTags = new Set(
  "p h3 strong em del code pre figure figcaption span button a ul ol li blockquote hr br div table thead tbody tr th td".split(
    " ",
  ),
);

/** The reply as HTML, without lit's own marks and our copy button's frame. */
const description = `(() => {
  const copy = it.cloneNode(true);
  for (const caption of copy.querySelectorAll("figcaption")) caption.remove();
  window.sanitized ??= (html) => DOMPurify.sanitize(html, { ADD_ATTR: ["target", "part", "tabindex"], KEEP_CONTENT: true });
  return {
    html: copy.innerHTML.replace(/<!--.*?-->/gs, "").replace(/ (role|aria-label|part)="[^"]*"/g, ""),
    tags: [...copy.querySelectorAll("*")].map((element) => element.localName),
    links: [...copy.querySelectorAll("[href], [src], [action]")].map((element) => element.href ?? element.src ?? ""),
  };
})()`;

async function open(options: ScriptedOptions = {}): Promise<ScriptedWidget> {
  const widget = await openScripted(browser, host, options);
  await widget.open();
  // Loads the code for markdown.
  await widget.put(talk.reply("**ready**"));
  await widget.page.locator(".reply strong").waitFor();
  return widget;
}
