import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { operatorConversation } from "../../shared/protocol/operator.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { type SmtpPeer, startSmtpPeer } from "../../shared/testing/processes/smtp-peer.ts";
import { OperatorClient } from "../system/harness/operator-client.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { echoOf } from "../system/harness/scripted-provider.ts";
import { eventually } from "../system/harness/suite.ts";
import { openConsole } from "./open-console.ts";

let product: Product;
let browser: BrowserPart;
let peer: SmtpPeer;

const minute = 60;
const hour = 60 * minute;
/** The reconciler looks for what stalls every 15 s, and a busy machine is late. */
const slowly = { timeout: 60_000 };

describe.skipIf(chromiumPath === undefined)("a day of a shop", { timeout: 300_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    peer = await startSmtpPeer();
    [product, browser] = await Promise.all([
      startProduct({ backend: "postgres", workers: 0, ownConfig: true }),
      sharedChromium.open(),
    ]);
    const { client, startWorker } = product;
    await openHours({});
    await startWorker({ SMTP_URL: peer.url, MAIL_FROM: "Shop <chat@example.com>", PUBLIC_URL: client.base });
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
    await peer?.[Symbol.asyncDispose]();
  });

  it("is honest to a visitor from the morning to the night", async () => {
    const { client } = product;
    await using context = await browser.newContext({ locale: "en-US", timezoneId: "UTC", reducedMotion: "reduce" });
    context.setDefaultTimeout(slowly.timeout);
    const visitor = await context.newPage();
    await visitor.goto(client.base);
    const chat = visitor.locator("parley-chat");
    await chat.locator(".launcher").click();
    await say(visitor, "Do you repair teapots?");
    await untilTold(visitor, echoOf("Do you repair teapots?"));
    const people = chat.locator(".people");

    // Before the hours, nobody is there.
    await openHours({ [dayFrom(1)]: ["09:00-17:00"] });
    await people.getByRole("button", { name: "Talk to a person" }).click();
    await people.getByText(/Nobody is here right now. We are back: .*9:00/).waitFor();
    await picture(visitor, "1-closed");
    const conversationId = await eventually("somebody waits", async () => {
      const rows = await product.query<{ id: string }>("select id from conversations where handled_by = 'waiting'");
      return rows[0]?.id;
    });

    // They begin; then somebody looks into the console.
    await openHours({ [dayFrom(0)]: ["00:00-24:00"], [dayFrom(1)]: ["00:00-24:00"] });
    await people.getByText("Nobody is here right now. A person will answer you later today.").waitFor();
    const desk = await openConsole(browser, client.base, { query: "view=waiting" });
    await people.getByText("Somebody is here and will answer you. You are next.").waitFor();
    await picture(visitor, "2-here");
    await desk.pick(conversationId);
    await desk.page.getByRole("button", { name: "Take", exact: true }).click();
    await desk.untilState("You have this conversation.");
    await untilTold(visitor, "Support is answering now.");

    // But nothing is written, for two minutes and then for ten.
    await pass(conversationId, 3 * minute);
    await desk.untilState(/^Waits for a person, for [3-5] min/);
    await picture(desk.page, "3-returned");
    await pass(conversationId, 10 * minute);
    await untilTold(visitor, "Nobody has been free to answer you so far. We are sorry.");
    await people.getByLabel("Your e-mail address (optional)").fill("visitor@example.com");
    await people.getByRole("button", { name: "Save" }).click();
    await people.getByText("We can reach you at").waitFor();
    await picture(visitor, "4-address");
    await visitor.close();

    // The answer comes when the visitor has gone, and a mail says so.
    await desk.say("Yes, we repair them.");
    await desk.untilState("You have this conversation.");
    await picture(desk.page, "5-answered");
    await pass(conversationId, 2 * minute);
    const mail = await eventually("the visitor is told by mail", () => peer.received[0], slowly.timeout);
    expect(mail.to).toBe("visitor@example.com");
    const text = mail.raw.replaceAll("=\r\n", "").replaceAll("=3D", "=");
    for (const words of ["repair", "teapot", "Support"]) expect(text).not.toContain(words);
    const link = /https?:\S+\/mail\/open\?t=\S+/.exec(text)?.[0] ?? "no link";

    // Another browser opens this conversation, by a click.
    await using atHome = await browser.newContext({ locale: "en-US" });
    atHome.setDefaultTimeout(slowly.timeout);
    const again = await atHome.newPage();
    await again.goto(link);
    await picture(again, "6-link");
    await again.getByRole("button", { name: "Open the conversation" }).click();
    await untilTold(again, "Yes, we repair them.");
    await say(again, "What does it cost?");
    await desk.untilTexts(
      "Do you repair teapots?",
      echoOf("Do you repair teapots?"),
      "Yes, we repair them.",
      "What does it cost?",
    );
    await picture(again, "7-opened");

    // Overnight nobody writes: the assistant answers what was asked last.
    await desk[Symbol.asyncDispose]();
    await pass(conversationId, 13 * hour);
    await untilTold(again, "The assistant is answering again.");
    await untilTold(again, echoOf("What does it cost?"));
    await picture(again, "8-night");
    expect(peer.received).toHaveLength(1);
    const { body } = await new OperatorClient(client.base).request(`/conversations/${conversationId}`);
    expect(operatorConversation.parse(body).stretches.map(({ handledBy, reason }) => [handledBy, reason])).toEqual([
      ["ai", undefined],
      ["waiting", "asked"],
      ["operator", "taken"],
      ["waiting", "no-reply"],
      ["operator", "taken"],
      ["ai", "silence"],
    ]);
  });
});

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["PICTURES"];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** Opens the shop on these dates alone. */
async function openHours(dates: Record<string, string[]>): Promise<void> {
  await writeFile(join(product.folder ?? "", "config/hours.json"), JSON.stringify({ zone: "UTC", week: {}, dates }));
}

function dayFrom(today: number): string {
  return new Date(Date.now() + today * 24 * hour * 1000).toISOString().slice(0, 10);
}

/** Moves all that happened in a conversation into the past, as the database's clock does. */
async function pass(conversationId: string, seconds: number): Promise<void> {
  const back = (table: string, id: string, ...columns: string[]) =>
    product.query(
      `update ${table} set ${columns.map((column) => `${column} = ${column} - make_interval(secs => $2)`).join(", ")} where ${id} = $1`,
      [conversationId, seconds],
    );
  await back("conversations", "id", "updated_at", "waiting_since", "email_left_at");
  await back("stretches", "conversation_id", "began_at");
  await back("messages", "conversation_id", "created_at");
}

async function say(page: Page, text: string): Promise<void> {
  await page.locator("parley-chat textarea").fill(text);
  await page.locator("parley-chat textarea").press("Enter");
}

async function untilTold(page: Page, text: string): Promise<void> {
  await page.locator("parley-chat .log").getByText(text, { exact: true }).first().waitFor(slowly);
}
