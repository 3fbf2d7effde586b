import type { Page } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { chromiumPath } from "../../../shared/testing/processes/chromium.ts";
import { echoOf } from "../../system/harness/scripted-provider.ts";
import { type HostilePages, pressLauncher, withHostilePages } from "./hostile-pages.ts";

const innerTypes =
  "keydown keypress keyup beforeinput input copy cut paste contextmenu selectstart focusin focusout focus blur mousedown";
const typed = "my order/invoice is late";

/** A search field, and shortcuts as pages have them: ignored in text fields, which the chat's field is not to the page. */
const shortcuts = (target: string, capture: boolean) => `<input id="search">
  <script>
    ${target}.addEventListener("keydown", (event) => {
      if (/^(input|textarea)$/i.test(event.target.tagName)) return;
      const { key } = event;
      if (key === " ") event.preventDefault();
      if (key === "/" || key === "s") document.querySelector("#search").focus();
      if (key === "/") event.preventDefault();
    }, ${capture});
  </script>`;

let pages: HostilePages;

describe.skipIf(chromiumPath === undefined)("keys and the clipboard in the chat", { timeout: 60_000 }, () => {
  withHostilePages.beforeAll(({ hostilePages }) => {
    pages = hostilePages;
  }, 60_000);
  afterEach(() => pages?.endVisits());

  it.each([
    ["on the document", shortcuts("document", false)],
    ["on the document, capturing", shortcuts("document", true)],
    ["on the window", shortcuts("window", false)],
    ["on the body, capturing", shortcuts("document.body", true)],
    ["on the window, capturing, added before the chat", shortcuts("window", true)],
  ])("reach the field where the page has shortcuts %s", async (_place, body) => {
    const page = await pages.visit({ body: body + pages.tag() });
    await pressLauncher(page);
    await page.keyboard.type(typed);
    expect(await page.getByLabel("Your message").inputValue()).toBe(typed);
    expect(await page.locator("#search").inputValue()).toBe("");
    await page.keyboard.press("Enter");
    await page.locator(".reply").getByText(echoOf(typed)).waitFor();
    // The page's own keys work outside the chat.
    await page.keyboard.press("Escape");
    await page.locator("body").click();
    await page.keyboard.press("s");
    expect(await page.evaluate("document.activeElement.id")).toBe("search");
  });

  it("stay unseen by the page, whose own events and the chat's it still receives", async () => {
    const page = await pages.visit({ body: `<input id="own">${pages.tag()}` });
    await page.getByRole("button", { name: "Open chat" }).waitFor();
    await page.evaluate(`
      window.seen = [];
      for (const target of [window, document, document.querySelector("parley-chat")])
        for (const type of ${JSON.stringify(innerTypes.split(" "))})
          for (const capture of [true, false])
            target.addEventListener(type, ({ target }) => seen.push(type + " " + target.id), capture);
      for (const type of ["open", "message", "close"]) document.addEventListener("parley:" + type, () => seen.push(type));`);
    await pressLauncher(page);
    await page.keyboard.type("Hello");
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Control+x");
    await page.keyboard.press("Control+v");
    await page.getByLabel("Your message").click({ button: "right" });
    await page.keyboard.press("Enter");
    await page.locator(".reply").getByText(echoOf("Hello")).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Open chat" }).waitFor();
    expect(await page.evaluate("seen")).toEqual(["open", "message", "close"]);
    await page.locator("#own").click();
    await page.keyboard.type("x");
    expect(await page.evaluate("seen")).toEqual(
      expect.arrayContaining(["mousedown own", "focusin own", "keydown own", "input own", "keyup own"]),
    );
  });

  it.each(["document", "window"])("copy, cut and paste where the page forbids it on the %s", async (target) => {
    const forbid = `<script>for (const type of ["copy", "cut", "paste", "contextmenu", "selectstart", "dragstart", "mousedown", "beforeinput"])
      for (const capture of [true, false]) ${target}.addEventListener(type, (event) => event.preventDefault(), capture);
      ${target}.addEventListener("keydown", (event) => (event.ctrlKey || event.metaKey) && event.preventDefault());</script>`;
    // The tag is the first script: on the window, capturing listeners run in the order in which they were added.
    const page = await pages.visit({ head: pages.tag().replace(" async", ""), body: forbid });
    await pressLauncher(page);
    const field = page.getByLabel("Your message");
    await page.keyboard.type("copied ");
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Control+c");
    await page.keyboard.press("End");
    await page.keyboard.press("Control+v");
    expect(await field.inputValue()).toBe("copied copied ");
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Control+x");
    expect(await field.inputValue()).toBe("");
    await page.getByRole("button", { name: "Conversation menu" }).or(page.locator(".more")).first().click();
    await field.click();
    await page.keyboard.press("Control+v");
    expect(await field.inputValue()).toBe("copied copied ");
  });

  it("keep the focus in the chat where a library traps it in a dialog", async () => {
    const trap = `<div class="modal" id="modal" tabindex="-1" style="height: 200px; width: 200px">
        <div class="modal-dialog"><div class="modal-content"><input id="within"></div></div></div>
      ${await pages.library("bootstrap/dist/js/bootstrap.bundle.min.js")}
      <script>new bootstrap.Modal(document.querySelector("#modal"), { backdrop: false }).show();</script>`;
    await typesInside(await pages.visit({ body: trap + pages.tag() }));
  });

  it.each(["focusin", "focus"])("keep the focus in the chat where the page pulls it back at %s", async (type) => {
    const trap = `<div id="dialog" tabindex="-1"><input id="within"></div><script>
      const dialog = document.querySelector("#dialog");
      const contain = () => dialog.contains(document.activeElement) || dialog.focus();
      for (const capture of [true, false]) document.addEventListener("${type}", contain, capture);
      document.addEventListener("keydown", (event) => event.key === "Tab" && dialog.focus(), true);
      // A dialog also looks from time to time whether the page's body has the focus.
      setInterval(() => document.activeElement === document.body && contain(), 50);
    </script>`;
    await typesInside(await pages.visit({ body: trap + pages.tag() }));
  });
});

async function typesInside(page: Page): Promise<void> {
  await pressLauncher(page);
  await page.getByLabel("Your message").click();
  await page.keyboard.type(typed);
  expect(await page.getByLabel("Your message").inputValue()).toBe(typed);
  expect(await page.locator("#within").inputValue()).toBe("");
  await page.keyboard.press("Tab");
  expect(await page.evaluate("document.activeElement.localName")).toBe("parley-chat");
}
