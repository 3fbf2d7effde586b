import type { Browser, Page } from "playwright-core";
import type { Step } from "../../../tools/fake-provider/fake-script.ts";
import type { ScriptedProvider } from "../../system/harness/scripted-provider.ts";
import { belowBar, type Frame, takePicture, untilShown, visitor } from "./camera.ts";
import type { Turn } from "./conversations.ts";

interface Options {
  readonly browser: Browser;
  /** Address of the demo page. */
  readonly url: string;
  readonly provider: ScriptedProvider;
  readonly turn: Turn;
  /** Text at whose end the page is reloaded, in mid-word. */
  readonly until: string;
}

const viewport = { width: 860, height: 640 };
const barHeight = 44;
const pixelRatio = 1.5;
const chunkMs = 150;

/**
 * Records a reply that is written, a reload in the middle of one of its words, and the rest of the reply.
 * The provider waits for the camera after each chunk, so that the pictures do not depend on the machine's speed.
 */
export async function recordReload({ browser, url, provider, turn, until }: Options): Promise<Frame[]> {
  await using context = await browser.newContext({ ...visitor(), viewport, deviceScaleFactor: pixelRatio });
  const page = await context.newPage();
  const bars = await drawBars(browser);
  const frames: Frame[] = [];
  const take = async (ms: number, bar = bars.idle) =>
    void frames.push({ png: await belowBar(bar, await takePicture(page)), ms });
  const chunks = splitChunks(turn.reply, until);
  const { steps, releases } = gatedSteps(chunks);
  provider.answer(turn.question, { steps });

  await page.goto(url);
  await hideSettings(page);
  await page.evaluate("document.querySelector('parley-chat').open()");
  await page.locator("parley-chat .greeting").waitFor();
  await take(900);
  await page.locator("parley-chat textarea").fill(turn.question);
  await take(900);
  await page.locator("parley-chat textarea").press("Enter");
  let shown = "";
  for (const [index, chunk] of chunks.entries()) {
    shown += chunk;
    releases[index]?.();
    await untilShown(page, shown);
    await take(shown === until ? 900 : chunkMs);
    if (shown !== until) continue;
    await take(350, bars.pressed);
    frames.push({ png: await belowBar(bars.loading, await blankPage(browser)), ms: 450 });
    await page.reload();
    await hideSettings(page);
    await untilShown(page, shown);
    await take(900);
  }
  await page.locator("parley-chat [part~=stop]").waitFor({ state: "hidden" });
  await page.locator("parley-chat .footer").waitFor();
  await take(3500);
  return frames;
}

/** Splits a reply into chunks of two words, with one cut at the end of `until`. */
function splitChunks(reply: string, until: string): string[] {
  if (!reply.startsWith(until)) throw new Error(`the reply does not begin with "${until}"`);
  return [...pairsOfWords(until), ...pairsOfWords(reply.slice(until.length))];
}

function pairsOfWords(text: string): string[] {
  return text.match(/\s*\S+(?:\s+\S+)?|\s+$/g) ?? [];
}

/** Makes steps of a reply, each of which waits for its release. */
function gatedSteps(chunks: readonly string[]): { steps: Step[]; releases: (() => void)[] } {
  const gates = chunks.map(() => Promise.withResolvers<void>());
  const steps = chunks.flatMap((chunk, index): Step[] => [
    { until: gates[index]?.promise ?? Promise.resolve() },
    chunk,
  ]);
  return { steps, releases: gates.map(({ resolve }) => resolve) };
}

/** Hides the settings of the demo page, so that only the shop is left. */
async function hideSettings(page: Page): Promise<void> {
  await page.addStyleTag({ content: ".bench { display: none !important }" });
}

async function blankPage(browser: Browser): Promise<Buffer> {
  await using context = await browser.newContext({ viewport, deviceScaleFactor: pixelRatio });
  return await (await context.newPage()).screenshot();
}

/** Draws the bar of a browser, which makes the reload visible. */
async function drawBars(browser: Browser): Promise<Record<"idle" | "pressed" | "loading", Buffer>> {
  await using context = await browser.newContext({
    viewport: { width: viewport.width, height: barHeight },
    deviceScaleFactor: pixelRatio,
  });
  const page = await context.newPage();
  const draw = async (state: string): Promise<Buffer> => {
    await page.setContent(barHtml(state));
    return page.screenshot();
  };
  return { idle: await draw("idle"), pressed: await draw("pressed"), loading: await draw("loading") };
}

function barHtml(state: string): string {
  return `<!doctype html><style>
    body { margin: 0; height: ${barHeight}px; display: flex; align-items: center; gap: 10px; padding: 0 14px; box-sizing: border-box;
      background: #e9ecee; border-bottom: 1px solid #cfd4d8; font: 14px sans-serif; color: #3c4347; }
    svg { width: 20px; height: 20px; padding: 5px; border-radius: 50%; fill: none; stroke: #4a5258; stroke-width: 2;
      stroke-linecap: round; stroke-linejoin: round; }
    .pressed .reload { background: #0f6e63; stroke: #fff; }
    .address { flex: 1; background: #fff; border-radius: 14px; padding: 6px 14px; position: relative; overflow: hidden; }
    .loading .address::after { content: ""; position: absolute; left: 0; bottom: 0; height: 3px; width: 35%; background: #0f6e63; }
  </style><body class="${state}">
    <svg viewBox="0 0 20 20"><path d="M12 4l-6 6 6 6"/></svg>
    <svg class="reload" viewBox="0 0 20 20"><path d="M15.5 8.5A6 6 0 1 0 16 11M16 4v4.5h-4.5"/></svg>
    <span class="address">kilnandclay.example</span>
  </body>`;
}
