import { randomUUID } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type SubmitResponse, submitAnswer, submitResponse } from "../../shared/protocol/submit.ts";
import { chromiumPath, launchChromium } from "../../shared/testing/processes/chromium.ts";
import { type ReverseProxy, reverseProxies, startReverseProxy } from "../../shared/testing/processes/reverse-proxy.ts";
import { type ApiAnswer, ApiClient } from "../system/harness/api-client.ts";
import type { ServiceProcess } from "../system/harness/processes.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { echoOf, endlessReply, pausedReply } from "../system/harness/scripted-provider.ts";
import { VisitorLoad } from "./visitor-load.ts";

const tooLarge = "x".repeat(300 * 1024);
const patience = { timeout: 60_000 };

describe.runIf(reverseProxies.some(({ available }) => available))("two API processes", () => {
  let product: Product;
  let apis: ServiceProcess[];
  let browser: Browser | undefined;
  /** Left alone by the other tests: the long waits are for it. */
  let quiet: ServiceProcess;
  /** Starts one anew, where the proxies know it. */
  const restart = async (index: number, end: (api: ServiceProcess) => Promise<void>) => {
    const api = apis[index];
    if (!api) throw new Error(`there is no API ${index}`);
    await end(api);
    apis[index] = await product.startApi({ PORT: new URL(api.url).port });
  };
  beforeAll(async () => {
    product = await startProduct({ backend: "postgres", apis: 2, env: { TRUST_PROXY: "1" } });
    apis = [...product.apis];
    quiet = await product.startApi();
    if (chromiumPath !== undefined) browser = await launchChromium();
  }, 60_000);
  afterEach(({ task }) => {
    if (task.result?.state === "fail") console.error(product.output());
  });
  afterAll(async () => {
    await browser?.close();
    await product[Symbol.asyncDispose]();
  });

  describe.each(reverseProxies.filter(({ available }) => available))(
    "behind $name, set up as documented",
    ({ name }) => {
      let proxy: ReverseProxy;
      let client: ApiClient;
      /** Takes 25 s, beside the other tests: behind a proxy of its own. */
      let patient: ReverseProxy;
      let longWait: Promise<ApiAnswer>;
      beforeAll(async () => {
        const [first = "", second = "", third = ""] = [...apis, quiet].map(({ url }) => new URL(url).host);
        proxy = await startReverseProxy(name, [first, second]);
        client = new ApiClient(proxy.url);
        product.provider.answer(`Wait for long behind ${name}`, endlessReply());
        patient = await startReverseProxy(name, [third, third]);
        longWait = new ApiClient(patient.url).post(`Wait for long behind ${name}`, { wait: 3600 });
        longWait.catch(() => undefined);
      }, 60_000);
      afterAll(async () => {
        await proxy[Symbol.asyncDispose]();
        await patient[Symbol.asyncDispose]();
      });

      it("stream an event while the reply is written", async () => {
        const { script, release } = pausedReply("While it", " is written.");
        product.provider.answer("Do not buffer", script);
        const chat = await client.submit("Do not buffer");
        const stream = await client.events(chat);
        await stream.untilText("While it");
        release();
        await stream.ended;
        expect(stream.text).toBe("While it is written.");
        expect(stream.headers.get("cache-control")).toBe("no-store, no-transform");
        expect(stream.headers.get("content-encoding")).toBeNull();
      });

      it("resume a stream that was cut there where it stopped", async () => {
        const { script, release } = pausedReply("Cut", " and resumed.");
        product.provider.answer("Cut it", script);
        const chat = await client.submit("Cut it");
        const stream = await (await client.events(chat)).untilText("Cut");
        await stream.close();
        release();
        const { text, lastEventId } = stream;
        const resumed = await client.events(chat, { text, lastEventId });
        await resumed.ended;
        expect(resumed.names).not.toContain("reset");
        expect(resumed.text).toBe("Cut and resumed.");
      });

      it("answer a waiting request with the reply", async () => {
        const answer = await client.post("Wait for it", { wait: 20 });
        expect(answer).toMatchObject({ status: 200, body: { status: "completed", message: echoOf("Wait for it") } });
        expect(submitAnswer.parse(answer.body).jobId).toBeDefined();
        expect(answer.headers.get("preference-applied")).toBe("wait=20");
      });

      it("answer an oversized body with 413 by the service itself", { timeout: 60_000 }, async () => {
        const answers: ApiAnswer[] = [];
        for (let batch = 0; batch < 10; batch += 1) {
          answers.push(...(await Promise.all(Array.from({ length: 10 }, () => client.post(tooLarge)))));
        }
        const kinds = answers.map(({ status, headers, text }) => {
          const [, type] = /"type":"([^"]*)"/.exec(text) ?? [];
          return `${status} ${headers.get("content-type")} ${type}`;
        });
        expect(kinds).toEqual(kinds.map(() => "413 application/problem+json; charset=utf-8 /problems/too-large"));
      });

      it("receive headers of both directions, and tell clients apart", async () => {
        const key = randomUUID();
        const first = await client.post("Once", { key });
        expect((await client.post("Once", { key })).body).toMatchObject({
          jobId: (first.body as SubmitResponse).jobId,
        });
        const accepted = submitResponse.parse(first.body);
        expect(first.headers.get("location")).toBe(accepted.links.job);
        expect(first.headers.get("ratelimit-policy")).toContain('"submissions"');
        const answer = await client.request(accepted.links.job, {
          token: accepted.token,
          headers: { "x-request-id": "from-afar" },
        });
        expect([answer.status, answer.headers.get("x-request-id")]).toEqual([200, "from-afar"]);
        // The page of the service itself, by the Host that arrives.
        const own = { origin: proxy.url };
        expect(
          (await client.request("/api/chat", { method: "POST", body: { message: "Hi" }, headers: own })).status,
        ).toBe(202);
        expect(product.output()).not.toContain("TRUST_PROXY");
      });

      it("ignore a client address that the client made up", async () => {
        const remaining = async (forged: string) => {
          const headers = { "x-forwarded-for": forged };
          const answer = await client.request("/api/chat", { method: "POST", body: { message: "Who am I?" }, headers });
          return Number(/"submissions";r=(\d+)/.exec(answer.headers.get("ratelimit") ?? "")?.[1]);
        };
        const first = await remaining("192.0.2.1");
        expect(await remaining("192.0.2.2")).toBe(first - 1);
        expect(await remaining("192.0.2.3, 192.0.2.4")).toBe(first - 2);
      });

      it("lose nothing and answer nothing twice when APIs stop and die under load", { timeout: 120_000 }, async () => {
        const load = new VisitorLoad({ client, provider: product.provider, name });
        await load.answered(10);
        await restart(0, async (api) => {
          expect(await api.stop()).toBe(0);
          await load.answered(10);
        });
        await load.answered(10);
        await restart(1, async (api) => {
          await api.kill();
          await load.answered(10);
        });
        await load.answered(10);
        const sent = await load.end();
        for (const { message, chat } of sent) expect((await client.ended(chat)).reply?.text).toBe(echoOf(message));
        const [counted] = await product.query(
          `select count(*) filter (where sender = 'user')::int as questions,
           count(*) filter (where sender = 'ai')::int as replies
         from messages where conversation_id = any($1)`,
          [[...new Set(sent.map(({ chat }) => chat.conversationId))]],
        );
        expect(counted).toEqual({ questions: sent.length, replies: sent.length });
      });

      it.runIf(chromiumPath !== undefined)(
        "show a reply once in the widget although the API that streams it dies",
        { timeout: 150_000 },
        async () => {
          if (!browser) throw new Error("there is no browser");
          const { script, release } = pausedReply("The first half", " and the second.");
          product.provider.answer("From a page", script);
          const page = await browser.newPage();
          await page.goto(proxy.url);
          await page.waitForFunction("document.querySelector('parley-chat')?.isOpen !== undefined");
          await page.evaluate("document.querySelector('parley-chat').setAttribute('open', '')");
          await page.locator("parley-chat textarea").fill("From a page");
          await page.locator("parley-chat textarea").press("Enter");
          const replies = async () => {
            const texts = await page.locator("parley-chat [part~=reply] [part~=text]").allTextContents();
            return texts.map((text) => text.trim()).filter((text) => text !== "");
          };
          await expect.poll(replies, patience).toEqual(["The first half"]);
          // Whichever of them streams it.
          await Promise.all(apis.map((_, index) => restart(index, (api) => api.kill())));
          release();
          await expect.poll(replies, patience).toEqual(["The first half and the second."]);
          await page.close();
        },
      );

      it("the longest possible wait ends with a plain 202", { timeout: 60_000 }, async () => {
        const answer = await longWait;
        expect([answer.status, answer.text]).toEqual([202, expect.stringContaining('"status":"queued"')]);
        await client.cancel(submitResponse.parse(answer.body));
      });
    },
  );
});
