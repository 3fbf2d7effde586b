import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { inviteOperator } from "../../shared/accounts/invite.ts";
import { openDatabase } from "../../shared/db/database.ts";
import type { OperatorRole } from "../../shared/protocol/operator.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { totpCode } from "../../shared/testing/fixtures/totp.ts";
import { quietLog } from "../../shared/testing/fixtures/quiet-log.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { adminPassword, type Product, startProduct } from "../system/harness/product.ts";
import { deskPatience, expectAccessible } from "./open-console.ts";

const password = "four words are enough";
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };

let product: Product;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("accounts in the console", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [product, browser] = await Promise.all([startProduct({ backend: "postgres", workers: 0 }), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  it("are asked for before anything is shown, and let in whoever types the right password", async () => {
    await using desk = await open("view=all");
    const { page, faults } = desk;
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await page.evaluate("document.activeElement.name")).toBe("email");
    await page.keyboard.type("admin");
    await page.keyboard.press("Tab");
    await page.keyboard.type("a wrong password");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("alert").textContent(), deskPatience).toContain("is wrong");
    await expectAccessible(page);
    await page.getByLabel("Password").fill(adminPassword);
    await page.keyboard.press("Enter");
    await page.locator(".views").waitFor();
    expect(page.url()).toContain("view=all");
    expect(await page.locator(".bar .me").textContent()).toBe("Support");
    expect(faults).toEqual([]);
  });

  it.each([
    ["a desk", {}],
    ["a phone", phone],
  ])("are made by an invitation, and kept by their owners, on %s", async (what, context) => {
    const name = `Ada of ${what}`;
    const email = `${what.replace(" ", ".")}@example.com`;
    const link = await invite({ name, email, role: "admin" });
    await using desk = await open("part=sign-in", context);
    const { page, faults } = desk;
    await page.goto(link);
    await page.getByRole("heading", { name: `Welcome, ${name}` }).waitFor();
    // The link is not in the address any more, and is still good.
    await page.reload();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.goto(link);
    await page.getByRole("heading", { name: `Welcome, ${name}` }).waitFor();
    expect(page.url()).not.toContain("#");
    expect(await page.getByLabel("Address").inputValue()).toBe(email);
    await expectAccessible(page);
    await page.getByLabel("New password").fill(password);
    await page.keyboard.press("Enter");
    await page.locator(".views").waitFor();

    await page.goto(`${product.client.base}/console?part=account`);
    await page.getByRole("heading", { name }).waitFor();
    await page.getByText("This browser").waitFor();
    await page.getByLabel("Address").fill("ben@example.com");
    await page.getByLabel("Name").fill("Support");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Name").fill(`Ben of ${what}`);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: `An invitation for Ben of ${what}` }).waitFor();
    expect(await page.getByLabel("Link").inputValue()).toMatch(/\/console\?part=sign-in#link=[\w-]{43}$/);
    await expectAccessible(page);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);

    await page.getByText(`invited by ${name}`).waitFor();
    await page.getByRole("button", { name: `Withdraw: Ben of ${what}` }).click();
    await page.getByText(`invited by ${name}`).waitFor({ state: "detached" });
    expect(await page.getByLabel("Link").count()).toBe(0);

    const remove = page.getByRole("button", { name: "Remove: Support" });
    await remove.click();
    await page.getByText("conversations go back to the queue").waitFor();
    await expectAccessible(page);
    await remove.click();
    await page.getByText("acts for a password of the configuration").waitFor();
    await page.getByLabel("Role: Support").selectOption("Reader");
    await page.getByText("Conversations go back to the queue").waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Keep" }).click();
    expect(await page.getByLabel("Role: Support").inputValue()).toBe("admin");
    await page.getByLabel("Role: Support").selectOption("Reader");
    await page.getByRole("button", { name: "Change role: Support" }).click();
    await page.getByText("which has one role").waitFor();

    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.goto("about:blank");
    await page.goto(link);
    await expect.poll(() => page.getByRole("alert").textContent(), deskPatience).toContain("was used");
    expect(faults).toEqual([]);
  });

  it("change their password, and end their sessions elsewhere", async () => {
    const email = "mia@example.com";
    const link = await invite({ name: "Mia", email, role: "operator" });
    await using first = await open("part=sign-in");
    await first.page.goto(link);
    await first.page.getByLabel("New password").fill(password);
    await first.page.keyboard.press("Enter");
    await first.page.locator(".views").waitFor();
    await using second = await open("view=all");
    await second.page.getByLabel("Address").fill(email);
    await second.page.getByLabel("Password").fill(password);
    await second.page.keyboard.press("Enter");
    await second.page.locator(".views").waitFor();

    const { page } = first;
    await page.goto(`${product.client.base}/console?part=account`);
    await page.getByRole("button", { name: /^Sign out there: Chrome/ }).click();
    await expect.poll(() => page.locator("section").first().textContent(), deskPatience).toContain("Operator");
    await expect.poll(() => page.getByRole("button", { name: /^Sign out there/ }).count(), deskPatience).toBe(0);
    await second.page.getByText("Your sign-in has ended.").waitFor();
    // The same address asks for a password now.
    await second.page.getByRole("link", { name: "Sign in again" }).click();
    await second.page.getByRole("heading", { name: "Sign in" }).waitFor();

    await page.locator("[name=present]").fill("a wrong password");
    await page.getByLabel("New password").fill("another one, as long");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("alert").textContent(), deskPatience).toContain("present password is wrong");
    await page.locator("[name=present]").fill(password);
    await page.keyboard.press("Enter");
    await page.getByText("Changed. You are signed out everywhere else.").waitFor();
    expect([...first.faults, ...second.faults]).toEqual([]);
  });

  it("take a second factor, which signing in then asks for", async () => {
    const email = "kim@example.com";
    await using desk = await open("part=sign-in", phone);
    const { page, faults } = desk;
    await page.goto(await invite({ name: "Kim", email, role: "reader" }));
    await page.getByLabel("New password").fill(password);
    await page.keyboard.press("Enter");
    await page.locator(".views").waitFor();
    await page.goto(`${product.client.base}/console?part=account`);
    const factor = page.locator("section", { has: page.getByRole("heading", { name: "Second factor" }) });
    await factor.getByLabel("Present password").fill(password);
    await page.keyboard.press("Enter");
    await page.getByRole("img", { name: "QR code" }).waitFor();
    await expectAccessible(page);
    const secret = (await factor.locator(".secret").innerText()).replaceAll(" ", "");
    const uri = `otpauth://totp/Parley?secret=${secret}`;
    await factor.getByRole("textbox", { name: "Code" }).fill(totpCode(uri));
    await page.keyboard.press("Enter");
    await page.getByText("On. Signing in needs a code").waitFor();
    const [backupCode = ""] = await factor.locator(".codes li").allInnerTexts();
    await expectAccessible(page);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);

    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    const typePassword = async () => {
      await page.getByLabel("Address").fill(email);
      await page.getByLabel("Password").fill(password);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Second factor" }).waitFor();
    };
    await typePassword();
    expect(await page.evaluate("document.activeElement.name")).toBe("code");
    await page.keyboard.type("000000");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("alert").textContent(), deskPatience).toContain("The code is wrong");
    await expectAccessible(page);
    await page.getByRole("textbox", { name: "Code" }).fill(totpCode(uri, 1));
    await page.keyboard.press("Enter");
    await page.locator(".views").waitFor();

    await page.goto(`${product.client.base}/console?part=account`);
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await typePassword();
    await page.getByRole("button", { name: "Use a backup code" }).click();
    await page.keyboard.type(backupCode);
    await page.keyboard.press("Enter");
    await page.locator(".views").waitFor();
    expect(faults).toEqual([]);
  });
});

async function invite(person: { name: string; email: string; role: OperatorRole }): Promise<string> {
  const db = openDatabase(product.databaseUrl, quietLog());
  try {
    const made = await inviteOperator(db.pool, { siteId: defaultSite, base: product.client.base, ...person });
    if (typeof made === "string") throw new Error(made);
    return made.link;
  } finally {
    await db.close();
  }
}

interface OpenedPage extends AsyncDisposable {
  page: Page;
  /** Errors that the browser reported, refusals by the page's policy among them. */
  faults: string[];
}

async function open(query: string, options: BrowserContextOptions = {}): Promise<OpenedPage> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(deskPatience.timeout);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (line) => {
    if (line.type() === "error" && !line.text().startsWith("Failed to load resource")) faults.push(line.text());
  });
  await page.goto(`${product.client.base}/console?${query}`);
  return { page, faults, [Symbol.asyncDispose]: () => context.close() };
}
