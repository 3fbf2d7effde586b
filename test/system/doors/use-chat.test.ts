import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../../shared/testing/processes/shared-chromium.ts";
import { type EmbeddingSite, openEmbeddingSite } from "../../browser/embedded/embedding-site.ts";
import { OperatorClient } from "../harness/operator-client.ts";
import { pausedReply } from "../harness/scripted-provider.ts";
import { onSharedProducts } from "../harness/suite.ts";

const root = join(import.meta.dirname, "../../..");

/** Builds the page that `docs/doors.md` tells a reader to write, for a service at `url`. */
async function buildPage(url: string): Promise<string> {
  const [, app = ""] = /```tsx\n(.*?)```/s.exec(await readFile(join(root, "docs/doors.md"), "utf8")) ?? [];
  const folder = await mkdtemp(join(tmpdir(), "parley-use-chat-"));
  try {
    await writeFile(join(folder, "App.tsx"), app.replace("http://localhost:3000", url));
    const entry = `
      import { createRoot } from "react-dom/client";
      import { createElement } from "react";
      import App from "./App.tsx";
      createRoot(document.querySelector("#root")).render(createElement(App));`;
    const { outputFiles } = await build({
      stdin: { contents: entry, resolveDir: folder },
      bundle: true,
      write: false,
      format: "esm",
      jsx: "automatic",
      nodePaths: [join(root, "node_modules")],
      // The packed package is installed by test/packages.
      alias: { "@parley/react/ai-sdk": join(root, "packages/react/source/parley-transport.ts") },
      define: { "process.env.NODE_ENV": '"production"' },
    });
    return outputFiles[0]?.text ?? "";
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe.skipIf(chromiumPath === undefined)("a reader's page", () => {
  let browser: BrowserPart;
  let site: EmbeddingSite;
  withChromium.beforeAll(async ({ sharedChromium }) => {
    browser = await sharedChromium.open();
    site = await openEmbeddingSite();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });

  onSharedProducts("with useChat", (product) => {
    it("goes on after a reload in mid-reply, stops, and shows a person's words", { timeout: 60_000 }, async () => {
      const { client, provider } = product();
      const script = site.page(await buildPage(client.base), "", "text/javascript");
      const url = site.page(`<!doctype html><div id="root"></div><script type="module" src="${script}"></script>`);
      const page = await (await browser.newContext()).newPage();
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(String(error)));
      const send = async (text: string) => {
        await page.getByPlaceholder("Your message").fill(text);
        await page.getByRole("button", { name: "Send" }).click();
      };
      const shown = (text: string) => page.getByText(text, { exact: true }).waitFor();

      await page.goto(url);
      const [first, second] = [`First ${randomUUID()}`, `Second ${randomUUID()}`];
      const held = pausedReply("One two", " three.");
      provider.answer(first, held.script);
      await send(first);
      await shown("One two");
      await page.reload();
      await shown("One two");
      held.release();
      await shown("One two three.");

      provider.answer(second, pausedReply("Four", " five.").script);
      await send(second);
      await shown("Four");
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByRole("button", { name: "Again" }).waitFor();
      await shown("Four");

      const kept = await page.evaluate(() => localStorage.getItem("parley:support"));
      const { conversationId } = JSON.parse(kept ?? "{}") as { conversationId: string };
      const operator = new OperatorClient(product().apis[1]?.url ?? "");
      await operator.take(conversationId);
      await page.reload();
      await shown("Four");
      await operator.say(conversationId, "Hello, I am a person.");
      await shown("Hello, I am a person.");
      await operator.say(conversationId, "Can I help?");
      await shown("Can I help?");
      expect(await page.getByRole("paragraph").allTextContents()).toEqual([
        first,
        "One two three.",
        second,
        "Four",
        "Hello, I am a person.",
        "Can I help?",
      ]);
      expect(faults).toEqual([]);
    });
  });
});
