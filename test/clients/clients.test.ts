import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext } from "vitest";
import type { JobView } from "../../shared/protocol/job.ts";
import { chromiumPath, launchChromium } from "../../shared/testing/processes/chromium.ts";
import { type JobRef, ApiClient } from "../system/harness/api-client.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { pausedReply } from "../system/harness/scripted-provider.ts";
import { eventually } from "../system/harness/suite.ts";
import { type FaultyProxy, startFaultyProxy } from "../widget/faulty-proxy.ts";
import { bundleRecipe, type ClientName, type Follow, type RecipeJob } from "./recipes.ts";

/** Longer than any of the clients waits before it connects again. */
const longerThanRetriesMs = 4000;
const testLimitMs = 60_000;
const before = "Erste Hälfte: 漢字 und 😀,";
const after = " und die zweite.";
const whole = before + after;

const badGateway = { status: 502, headers: { "content-type": "text/html" }, body: "<h1>Bad Gateway</h1>" };

/** In the page. */
declare const recipe: { start: Follow };
declare const show: (text: string) => void;

/** One client at work: what a page with it shows. */
interface Following {
  /** Everything that was shown, one after another. */
  shown: string[];
  job: Promise<JobView>;
}

type Begin = (name: ClientName, job: RecipeJob, test: TestContext) => Promise<Following>;

interface Client {
  name: ClientName;
  place: string;
  begin: Begin;
}

const places: readonly { place: string; names: readonly ClientName[]; begin: Begin; available: boolean }[] = [
  { place: "Node", names: ["eventsource", "eventsource-client"], begin: beginInNode, available: true },
  {
    place: "Chromium",
    names: [
      "EventSource",
      "event-source-polyfill",
      "reconnecting-eventsource",
      "@microsoft/fetch-event-source",
      "eventsource-client",
    ],
    begin: beginInChromium,
    available: chromiumPath !== undefined,
  },
];
const clients: readonly Client[] = places
  .filter(({ available }) => available)
  .flatMap(({ place, names, begin }) => names.map((name) => ({ name, place, begin })));

let product: Product;
let browser: Browser | undefined;

beforeAll(async () => {
  // Clients see no difference between the backends.
  product = await startProduct({ backend: "postgres" });
  if (chromiumPath !== undefined) browser = await launchChromium();
});
afterEach(({ task }) => {
  if (task.result?.state === "fail") console.error(product.output());
});
afterAll(async () => {
  await browser?.close();
  await product[Symbol.asyncDispose]();
});

// Each of these ends an API process, which one does for all clients.
describe("each recipe shows the stored reply once", () => {
  it("after its stream ends cleanly in mid-reply", { timeout: testLimitMs }, async (test) => {
    const ending = await product.startApi();
    const halves = await Promise.all(clients.map((client) => halfShown(test, client, ending.url)));
    for (const { front } of halves) front.target = product.client.base;
    expect(await ending.stop()).toBe(0);
    await Promise.all(halves.map(cameBack));
    for (const { release } of halves) release();
    await Promise.all(halves.map(expectWhole));
  });

  it(
    "after its API process dies, and a proxy answers 502 until another one runs",
    { timeout: testLimitMs },
    async (test) => {
      const dying = await product.startApi();
      const halves = await Promise.all(clients.map((client) => halfShown(test, client, dying.url)));
      for (const { front } of halves) front.instead = () => badGateway;
      await dying.kill();
      await Promise.all(halves.map(cameBack));
      const successor = await product.startApi();
      for (const { front } of halves) {
        front.target = successor.url;
        front.instead = () => undefined;
      }
      for (const { release } of halves) release();
      await Promise.all(halves.map(expectWhole));
    },
  );
});

// Each is on a job and a proxy of its own, and mostly waits for pauses of the client.
describe.concurrent.each(clients)("the recipe for $name in $place shows the stored reply once", (client) => {
  it("after its connection is cut in mid-reply", { timeout: testLimitMs }, async (test) => {
    const half = await halfShown(test, client, product.client.base);
    half.front.cut();
    await cameBack(half);
    half.release();
    await expectWhole(half);
  });

  it("and sends no request after the end", { timeout: testLimitMs }, async (test) => {
    const half = await halfShown(test, client, product.client.base);
    half.release();
    await expectWhole(half);
    const asked = half.front.seen.length;
    await sleep(longerThanRetriesMs);
    expect(half.front.seen.slice(asked)).toEqual([]);
  });

  // It cannot be told: see docs/front-ends/clients.md.
  it.skipIf(client.name === "reconnecting-eventsource")(
    "and gives up when the service refuses the request",
    { timeout: testLimitMs },
    async (test) => {
      const half = await halfShown(test, client, product.client.base);
      const { chat, front, following } = half;
      front.instead = () => "cut";
      front.cut();
      await cameBack(half);
      expect((await product.client.deleteConversation(chat)).status).toBe(204);
      front.instead = () => undefined;
      await expect(following.job).rejects.toThrow("The service answers 404");
    },
  );
});

/** A job half of whose reply is shown. */
interface HalfShown {
  /** Client and its place. */
  name: string;
  chat: JobRef;
  /** Between the client and the API. */
  front: FaultyProxy;
  following: Following;
  release: () => void;
}

async function halfShown(test: TestContext, { name: client, place, begin }: Client, api: string): Promise<HalfShown> {
  const name = `${client} in ${place}`;
  const question = `${name} ${test.task.name}`;
  const { script, release } = pausedReply(before, after);
  product.provider.answer(question, script);
  test.onTestFinished(release);
  const chat = await product.client.submit(question);
  const front = await startFaultyProxy(api);
  test.onTestFinished(() => front[Symbol.asyncDispose]());
  const following = await begin(client, { server: front.url, jobId: chat.jobId, token: chat.token }, test);
  // Whether it fails is looked at later.
  following.job.catch(() => undefined);
  await eventually(`${name} shows half of the reply`, () => following.shown.at(-1) === before, 20_000);
  expect(streams(front)).toHaveLength(1);
  return { name, chat, front, following, release };
}

function streams(front: FaultyProxy) {
  return front.seen.filter(({ path }) => /\/events(\?|$)/.test(path));
}

/** Its next request has arrived, and says where it was. */
async function cameBack({ name, front }: HalfShown): Promise<void> {
  const again = await eventually(`${name} connects again`, () => streams(front)[1], 20_000);
  const fromQuery = new URL(again.path, front.url).searchParams.getAll("lastEventId").at(-1);
  expect(again.lastEventId ?? fromQuery, name).toBe(`1:${Buffer.byteLength(before)}`);
}

async function expectWhole({ name, chat, following: { shown, job } }: HalfShown): Promise<void> {
  const ended = await job;
  const stored = await new ApiClient(product.client.base).job(chat);
  expect(ended, name).toEqual(stored);
  expect(stored.reply?.text, name).toBe(whole);
  await eventually(`${name} shows the whole reply`, () => shown.at(-1) === whole);
  // Shown twice, or taken back, it would not be a beginning of the reply.
  expect(
    shown.filter((text) => !whole.startsWith(text) || text === ""),
    name,
  ).toEqual([]);
  expect(new Set(shown).size, name).toBe(shown.length);
}

async function beginInNode(name: ClientName, job: RecipeJob): Promise<Following> {
  const script = encodeURIComponent(await bundleRecipe(name, "node"));
  const { start } = (await import(/* @vite-ignore */ `data:text/javascript,${script}`)) as { start: Follow };
  const shown: string[] = [];
  return { shown, job: start(job, (text) => shown.push(text)) };
}

async function beginInChromium(name: ClientName, job: RecipeJob, test: TestContext): Promise<Following> {
  if (!browser) throw new Error("there is no browser");
  const page = await browser.newPage();
  test.onTestFinished(() => page.close());
  const address = `${job.server}/page-of-the-test`;
  await page.route(address, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  await page.goto(address);
  const shown: string[] = [];
  await page.exposeFunction("show", (text: string) => shown.push(text));
  await page.addScriptTag({ content: await bundleRecipe(name, "browser") });
  const following = page.evaluate<JobView, RecipeJob>((named) => recipe.start(named, show), job);
  return { shown, job: following };
}
