import type { BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";

/** A part of the page, in CSS pixels. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Space around the panel in a picture of the panel alone. */
const marginPx = 20;
const webp = { quality: 88, effort: 6, smartSubsample: true };

/** Hour of the day in all pictures, so that they do not show a shop's support at work in the night. */
const pictureHour = 10;

/** Context of a visitor. The page's policy is bypassed for the scripts and styles of the camera. */
export function visitor(): BrowserContextOptions {
  const hoursAhead = ((pictureHour + 36 - new Date().getUTCHours()) % 24) - 12;
  // The signs of these zones are inverted, by POSIX.
  const timezoneId = `Etc/GMT${hoursAhead < 0 ? "+" : "-"}${Math.abs(hoursAhead)}`;
  return { locale: "en", timezoneId, bypassCSP: true };
}

/** Hides the page around the panel until it is disposed. */
export async function hideShop(page: Page): Promise<AsyncDisposable> {
  const style = await page.addStyleTag({ content: "body > :not(parley-chat) { visibility: hidden }" });
  return { [Symbol.asyncDispose]: () => style.evaluate("(element) => element.remove()").then(() => undefined) };
}

/** Takes a picture after two frames, so that the latest changes are painted. */
export async function takePicture(page: Page, clip?: Area): Promise<Buffer> {
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  return page.screenshot({ animations: "disabled", caret: "hide", ...(clip && { clip }) });
}

/** Area of the open panel and a margin around it. */
export async function panelArea(page: Page): Promise<Area> {
  const box = await page.locator("parley-chat .panel").boundingBox();
  if (box === null) throw new Error("the panel is not open");
  const { x, y, width, height } = box;
  return { x: x - marginPx, y: y - marginPx, width: width + 2 * marginPx, height: height + 2 * marginPx };
}

/** Resolves once the reply on the page has all letters and digits of this markdown. */
export async function untilShown(page: Page, markdown: string): Promise<void> {
  const wanted = markdown.replace(/^\d+\. |\]\(.*?\)/gm, "").replace(/[^\p{L}\p{N}]/gu, "");
  await page.waitForFunction(
    `(document.querySelector("parley-chat")?.shadowRoot.querySelector(".reply .text")?.textContent ?? "")
      .replace(/[^\\p{L}\\p{N}]/gu, "").startsWith(${JSON.stringify(wanted)})`,
  );
}

/** Stores a still picture as WebP. */
export async function storePicture(png: Buffer, path: string): Promise<void> {
  await sharp(png).webp(webp).toFile(path);
}

/** One picture of an animation, shown for so long. */
export interface Frame {
  readonly png: Buffer;
  readonly ms: number;
}

/** Stores an animated WebP that repeats forever. GitHub and all browsers show it. */
export async function storeAnimation(frames: readonly Frame[], path: string): Promise<void> {
  const images = frames.map(({ png }) => png);
  const delay = frames.map(({ ms }) => ms);
  await sharp(images, { join: { animated: true } })
    .webp({ ...webp, loop: 0, delay, mixed: true, minSize: true })
    .toFile(path);
}

/** Puts a browser's bar above a picture of a page. */
export async function belowBar(bar: Buffer, png: Buffer): Promise<Buffer> {
  const { height } = await sharp(bar).metadata();
  const input = [{ input: bar, top: 0, left: 0 }];
  return sharp(png).extend({ top: height, background: "white" }).composite(input).png().toBuffer();
}

/**
 * Checks that the browser has a font with emoji.
 * @throws with the way to get one
 */
export async function requireEmoji(page: Page): Promise<void> {
  const hasColours = await page.evaluate<boolean>(`(() => {
    const context = document.createElement("canvas").getContext("2d");
    context.font = "32px sans-serif";
    context.fillText("📦", 0, 32);
    const { data } = context.getImageData(0, 0, 48, 48);
    return data.some((value, index) => index % 4 === 0 && value !== data[index + 1]);
  })()`);
  if (!hasColours) {
    throw new Error("There is no font with emoji. On Debian and Ubuntu: apt-get install fonts-noto-color-emoji");
  }
}
