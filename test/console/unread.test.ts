import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { askDesk, asSupport, makeOperator } from "../system/harness/operators.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { deskPatience, expectAccessible, openConsole, submitAndWait } from "./open-console.ts";

let product: Product;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("what an operator has not seen", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [product, browser] = await Promise.all([startProduct({ backend: "postgres" }), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  it("is counted in all their tabs, until one of them shows it, and colleagues see who looks", async () => {
    const { client } = product;
    const asked = await submitAndWait(client, "Where is my teapot?");
    const conversation = `/conversations/${asked.conversationId}`;
    await askDesk(client, `${conversation}/take`, asSupport, { body: {} });
    await client.submit("Are you there?", { to: asked });
    await using desk = await openConsole(browser, client.base, { query: "view=mine" });
    const other = await desk.page.context().newPage();
    await other.goto(`${client.base}/console?view=all`);
    const titled = async (title: string) => {
      for (const page of [desk.page, other]) await expect.poll(() => page.title(), deskPatience).toBe(title);
    };
    await titled("(2 new) Console · Parley");
    await client.submit("Hello?", { to: asked });
    await titled("(3 new) Console · Parley");
    for (const page of [desk.page, other])
      await expect.poll(() => page.locator(".entry .new").innerText(), deskPatience).toMatch(/^3/);
    await desk.page.getByRole("button", { name: "Mine 1 3 new" }).waitFor();
    await expectAccessible(desk.page);

    const mia = await makeOperator(product, "Mia");
    const look = async (looks: boolean) =>
      (await askDesk(client, `${conversation}/look`, mia, { body: { looks } })).body as { others: { name: string }[] };
    expect(await look(true)).toEqual({ others: [] });
    await desk.pick(asked.conversationId);
    await titled("Console · Parley");
    await desk.page.getByText("Mia looks at this, too.").waitFor();
    expect((await look(true)).others.map(({ name }) => name)).toEqual(["Support"]);
    // Read as it comes, it is not counted.
    await client.submit("Thank you", { to: asked });
    await expect.poll(() => desk.page.locator(".message > .text").allInnerTexts(), deskPatience).toContain("Thank you");
    await titled("Console · Parley");
    await desk.page.locator(".log").focus();
    await desk.page.keyboard.press("Escape");
    await expect.poll(async () => (await look(false)).others, deskPatience).toEqual([]);
    await client.submit("One more", { to: asked });
    await titled("(1 new) Console · Parley");
    expect(desk.faults).toEqual([]);
  });
});
