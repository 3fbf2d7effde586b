import { afterEach, describe, expect, it } from "vitest";
import { chromiumPath } from "../../../shared/testing/processes/chromium.ts";
import { echoOf } from "../../system/harness/scripted-provider.ts";
import { type HostilePages, htmlPage, pressLauncher, say, withHostilePages } from "./hostile-pages.ts";

let pages: HostilePages;

describe.skipIf(chromiumPath === undefined)("the chat under a page's rules", { timeout: 60_000 }, () => {
  withHostilePages.beforeAll(({ hostilePages }) => {
    pages = hostilePages;
  }, 60_000);
  afterEach(() => pages?.endVisits());

  it.each(["trusted-types dompurify", "trusted-types 'none'", "trusted-types lit-html", "trusted-types"])(
    "answers with Markdown, and asks for no policy, under Trusted Types with %j",
    async (types) => {
      const host = pages.product.client.base;
      const policy = `script-src ${host}; connect-src ${host}; require-trusted-types-for 'script'; ${types}`;
      const page = await pages.visit({ body: pages.tag(), policy });
      await pressLauncher(page);
      await say(page, "Tell **me** all.");
      await page.locator(".reply strong").waitFor();
      await page.locator(".more").click();
      await page.locator("#menu button").last().waitFor();
    },
  );

  it("answers where the page has made policies of the usual names already", async () => {
    const host = pages.product.client.base;
    const before = `for (const name of ["lit-html", "default"]) trustedTypes.createPolicy(name, {});`;
    const policy = `script-src ${host}; require-trusted-types-for 'script'; trusted-types lit-html default`;
    const page = await pages.visit({ body: pages.tag(), policy, before });
    await pressLauncher(page);
    await say(page, "Tell **me** all.");
    await page.locator(".reply strong").waitFor();
  });

  it("answers on a page in XHTML", async () => {
    const tag = pages.tag().replace(" async", ` async=""`);
    const html = htmlPage("", tag).replace("<!doctype html>", `<?xml version="1.0"?><!DOCTYPE html>`);
    const content = html
      .replace("<html", `<html xmlns="http://www.w3.org/1999/xhtml"`)
      .replace(`"utf-8">`, `"utf-8"/>`);
    const page = await (await pages.newContext()).newPage();
    await page.goto(pages.site.page(content, "", "application/xhtml+xml"));
    expect(await page.evaluate("document.contentType")).toBe("application/xhtml+xml");
    await pressLauncher(page);
    await say(page, "Tell **me** all.");
    await page.locator(".reply strong").waitFor();
    await page.locator(".reply").getByRole("button", { name: "Not helpful" }).click();
    await page.locator("form.comment textarea").fill("Too short");
  });

  it("takes its settings from the address of the script where the tag has no attributes", async () => {
    const page = await pages.visit({
      body: pages.tag("", "?assistant=technical&amp;color=%23ff0000&amp;title=Help%20desk&amp;v=7"),
    });
    await pressLauncher(page);
    await page.getByRole("dialog", { name: "Help desk" }).waitFor();
    expect(await page.locator("parley-chat").getAttribute("assistant")).toBe("technical");
    expect(await page.locator("parley-chat").getAttribute("color")).toBe("#ff0000");
    expect(await page.locator("parley-chat").getAttribute("v")).toBeNull();
    // The tag's own attributes win; parameters of other names alone add no chat.
    const both = await pages.visit({ body: pages.tag(`data-title="Attribute"`, "?title=Address") });
    await both.getByRole("button", { name: "Open chat" }).waitFor();
    expect(await both.locator("parley-chat").getAttribute("title")).toBe("Attribute");
    const none = await pages.visit({ body: pages.tag("", "?v=7") });
    await none.waitForFunction("customElements.get('parley-chat') !== undefined");
    expect(await none.locator("parley-chat").count()).toBe(0);
  });

  it("lets its texts be selected where the page forbids it", async () => {
    const head = "<style>* { user-select: none !important; -webkit-user-select: none !important }</style>";
    const page = await pages.visit({ head, body: pages.tag() });
    await pressLauncher(page);
    await say(page, "Select me");
    const reply = page.locator(".reply .text");
    await reply.getByText(echoOf("Select me")).waitFor();
    await reply.click({ clickCount: 3 });
    expect(await page.evaluate("getSelection().toString()")).toContain("Select me");
    await page.getByLabel("Your message").fill("typed");
    await page.getByLabel("Your message").click({ clickCount: 3 });
    await page.keyboard.type("new");
    expect(await page.getByLabel("Your message").inputValue()).toBe("new");
  });

  it("says once in the console that a sandboxed frame has no origin", async () => {
    const frame = `<iframe sandbox="allow-scripts" style="width: 900px; height: 700px" srcdoc='${pages.tag()}'></iframe>`;
    const page = await (await pages.newContext()).newPage();
    const lines: string[] = [];
    page.on("console", (line) => lines.push(line.text()));
    await page.goto(pages.site.page(htmlPage("", frame)));
    const inFrame = page.frameLocator("iframe");
    await inFrame.getByRole("button", { name: "Open chat" }).click();
    await inFrame.getByLabel("Your message").waitFor();
    const said = () => lines.filter((line) => line.includes("allow-same-origin")).length;
    await expect.poll(said).toBe(1);
    await inFrame.getByRole("button", { name: "Close chat" }).click();
    await inFrame.getByRole("button", { name: "Open chat" }).click();
    await inFrame.getByLabel("Your message").waitFor();
    expect(said()).toBe(1);
  });
});
