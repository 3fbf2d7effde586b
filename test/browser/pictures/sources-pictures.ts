import { writeFile } from "node:fs/promises";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { openScripted, support, talk } from "../scripted-widget.ts";
import { openWidgetHost } from "../widget-host.ts";
import { takePicture, visitor } from "./camera.ts";

/** Text with `[1]` where a number belongs, and the titles and passages of its sources. */
interface CitedTurn {
  readonly question: string;
  readonly reply: string;
  readonly sources: readonly (readonly [title: string, quote: string])[];
}

const english: CitedTurn = {
  question: "Can I send a teapot back after three weeks?",
  reply: `Yes, you can return it **within 30 days**[1], unused and in its box[1][2].

- Print the label in **My account**[2]
- Drop the parcel at any post office[2]

| Country | Days |
| --- | --- |
| Norway | 3–5[3] |`,
  sources: [
    ["Returns and refunds", "You may return any piece within 30 days of its delivery, unused and in its box."],
    ["How to send a parcel back to our studio, and what to write on it", "Print the label under My account → Orders."],
    ["", ""],
  ],
};

const arabic: CitedTurn = {
  question: "هل يمكنني إرجاع الإبريق بعد ثلاثة أسابيع؟",
  reply: "نعم، يمكنك إرجاعه **خلال 30 يومًا**[1] من الاستلام، غير مستعمل وفي علبته[1][2].\n\n1. اطبع الملصق[2]",
  sources: [
    ["الإرجاع واسترداد المبلغ", "يمكنك إرجاع أي قطعة خلال 30 يومًا من الاستلام، غير مستعملة وفي علبتها."],
    ["Parcels (in English)", "Print the label under My account → Orders."],
  ],
};

const japanese: CitedTurn = {
  question: "3週間後でも返品できますか？",
  reply: "はい、お届けから**30日以内**[1]であれば、未使用で箱に入ったまま返品できます。[1][2]",
  sources: [
    ["返品と返金について", "お届けから30日以内であれば、未使用で箱に入ったままの商品を返品いただけます。"],
    ["返送の方法", "「マイアカウント」からラベルを印刷してください。"],
  ],
};

const desktop = { viewport: { width: 460, height: 780 }, deviceScaleFactor: 2 };
const looks: Record<string, { turn: CitedTurn; lang?: string; theme?: string; context?: BrowserContextOptions }> = {
  light: { turn: english },
  dark: { turn: english, theme: "dark" },
  arabic: { turn: arabic, lang: "ar" },
  japanese: { turn: japanese, lang: "ja" },
  phone: { turn: english, context: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } },
};

/** Takes pictures of a reply with its sources and an open passage, for a review. */
export async function takeSources(browser: Browser, folder: string): Promise<void> {
  await using host = await openWidgetHost();
  for (const [look, { turn, lang = "en", theme = "light", context = {} }] of Object.entries(looks)) {
    await using widget = await openScripted(browser, host, {
      attributes: `lang="${lang}" theme="${theme}"`,
      lang,
      context: { ...visitor(), ...desktop, ...context },
    });
    const { page } = widget;
    await widget.set({ assistant: support, messages: [talk.question(turn.question), cited(turn)] });
    await widget.open();
    await page.locator(".cited button").nth(1).click();
    await page.locator(".passage").waitFor();
    await writeFile(`${folder}/sources-${look}.png`, await takePicture(page));
  }
}

/** The reply as a service sends it: without the numbers, which are places in the text. */
function cited({ reply, sources }: CitedTurn): object {
  const parts = reply.split(/\[(\d)\]/);
  let text = "";
  const named: object[] = [];
  for (const [at, part] of parts.entries()) {
    if (at % 2 === 0) text += part;
    else {
      const [title = "", quote = ""] = sources[Number(part) - 1] ?? [];
      const url = title === "" ? "" : "https://shop.example/help";
      named.push({ n: Number(part), title, quote, url, end: Buffer.byteLength(text), removed: title === "" });
    }
  }
  return talk.reply(text, { sources: named });
}
