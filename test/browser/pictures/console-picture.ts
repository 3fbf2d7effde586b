import type { Browser } from "playwright-core";
import { ApiClient } from "../../system/harness/api-client.ts";
import { heldReply, type ScriptedProvider } from "../../system/harness/scripted-provider.ts";
import { takePicture, visitor } from "./camera.ts";
import type { Turn } from "./conversations.ts";

interface Stage {
  browser: Browser;
  base: string;
  password: string;
  provider: ScriptedProvider;
  turn: Turn;
}

const place = { page: "https://shop.example/account/orders/1042", locale: "en-GB" };
const hers = { ...place, name: "Ana Lind" };
const others = ["Do you ship to Norway?", "Is the Morning cup safe in a dishwasher?"];

/** Takes a picture of a conversation that a person has taken over in the middle of a reply. */
export async function takeConsole({ browser, base, password, provider, turn }: Stage): Promise<Buffer> {
  const client = new ApiClient(base);
  for (const message of others) await client.ended(await client.submit({ message, metadata: place }));
  await using context = await browser.newContext({
    ...visitor(),
    viewport: { width: 1360, height: 820 },
    deviceScaleFactor: 2,
  });
  await context.request.post(`${base}/api/operator/sign-in`, {
    headers: { origin: base },
    data: { email: "admin", password },
  });
  const page = await context.newPage();
  await page.goto(`${base}/console?view=all`);
  const cut = turn.reply.indexOf("new teapot") + "new tea".length;
  provider.answer(turn.question, heldReply(turn.reply.slice(0, cut)).script);
  const asked = await client.submit({ message: turn.question, metadata: hers });
  await page.locator(`.entry[href$="${asked.conversationId}"]`).click();
  await page.locator(".live .text", { hasText: "new tea" }).waitFor();
  const say = async (text: string) => {
    await page.getByRole("textbox").fill(text);
    await page.getByRole("textbox").press("Enter");
    await page.locator(".message[data-by=operator]", { hasText: text }).waitFor();
  };
  await say("Hello Ana, I have looked at your order: we have one lid left, and I can send it today. Is that enough?");
  await client.submit({ message: "Oh, a lid is all I need. Thank you!", metadata: hers }, { to: asked });
  await page.locator(".message[data-by=user]", { hasText: "Oh, a lid" }).waitFor();
  await page.getByRole("textbox").fill("Then it is on its way this ");
  return await takePicture(page);
}
