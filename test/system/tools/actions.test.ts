import { randomInt, randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { assistantsPath } from "../../../shared/assistants/assistants.ts";
import { chromiumPath } from "../../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../../shared/testing/processes/shared-chromium.ts";
import type { ApiAnswer } from "../harness/api-client.ts";
import { OperatorClient } from "../harness/operator-client.ts";
import type { Product } from "../harness/product.ts";
import { eventually, onBackendsSideBySide } from "../harness/suite.ts";

/** How an endpoint can be asked again: by the key, by a status, or not at all. */
const kinds = ["key", "status", "never"] as const;
type Kind = (typeof kinds)[number];

/** Ledger of the shop: keys under which each order was cancelled, and all requests for it. */
const cancelled = new Map<string, Set<string>>();
const requests = new Map<string, string[]>();
/** Orders whose next answer is lost: it is done, and nobody hears of it. */
const lost = new Map<string, ServerResponse | undefined>();

const shop = createServer((req, res) => {
  const [, what = "", kind = "", order = ""] = req.url?.split("/") ?? [];
  const key = String(req.headers["idempotency-key"]);
  const done = cancelled.get(order) ?? new Set();
  requests.set(order, [...(requests.get(order) ?? []), `${what} ${kind}`]);
  if (what === "status") {
    res.writeHead(200).end(JSON.stringify({ state: done.has(key) ? "done" : "unknown", result: { order } }));
    return;
  }
  cancelled.set(order, done.add(kind === "key" ? key : `${key} ${randomUUID()}`));
  if (kind === "status") done.add(key);
  if (lost.has(order) && lost.get(order) === undefined) lost.set(order, res);
  else res.writeHead(200).end(JSON.stringify({ order }));
});
await new Promise<void>((listening) => shop.listen(0, "127.0.0.1", listening));
const { port } = shop.address() as AddressInfo;
afterAll(() => {
  shop.closeAllConnections();
  shop.close();
});

const toolOf = (kind: Kind) => ({
  name: `cancel_${kind}`,
  description: "Cancels an order",
  parameters: { type: "object", properties: { order: { type: "string" } }, required: ["order"] },
  effect: "change",
  request: { method: "POST", url: `http://127.0.0.1:${port}/cancel/${kind}/{order}`, body: { order: "{order}" } },
  ...(kind === "key" && { repeat: "key" }),
  ...(kind === "status" && { status: { url: `http://127.0.0.1:${port}/status/${kind}/{order}` } }),
  card: { title: "Cancel order {order}", lines: [{ label: "Order", value: "{order}" }] },
  result: "Order {order} is cancelled.",
  timeoutMs: 30_000,
});

async function addTools({ folder, apis, workers }: Product): Promise<void> {
  const path = join(folder ?? "", assistantsPath);
  const file = JSON.parse(await readFile(path, "utf8")) as { assistants: { default: object } };
  file.assistants.default = { ...file.assistants.default, tools: kinds.map(toolOf) };
  await writeFile(path, JSON.stringify(file));
  const inUse = () =>
    [...apis, ...workers].every(({ output }) => output.includes("assistants, prices and hours are in use"));
  await eventually("the tools in use", async () => inUse() || undefined);
}

const env = { FETCH_ALLOW_PRIVATE: "127.0.0.0/8", FETCH_PORTS: String(port) };

onBackendsSideBySide("an action", { ownConfig: true, env }, (product) => {
  let browser: BrowserPart;
  beforeAll(() => addTools(product()));
  if (chromiumPath !== undefined)
    withChromium.beforeAll(async ({ sharedChromium }) => {
      browser = await sharedChromium.open();
    });
  afterAll(() => browser?.close());

  /** Has the model propose to cancel an order. */
  async function propose(kind: Kind) {
    const { client, provider } = product();
    const order = String(randomInt(10 ** 9, 10 ** 10));
    const asked = `Cancel my order ${order}`;
    const call = { call: { name: `cancel_${kind}`, arguments: JSON.stringify({ order }) } };
    provider.answer(asked, { steps: ["Please confirm.", call] });
    const chat = await client.submit(asked);
    const job = await client.ended(chat);
    const [card] = job.actions ?? [];
    expect(job).toMatchObject({ status: "completed", reply: { text: "Please confirm." } });
    expect(card).toMatchObject({
      title: `Cancel order ${order}`,
      lines: [{ label: "Order", value: order }],
      state: "waiting",
    });
    const { id = "" } = card ?? {};
    const answer = (confirm: boolean, token = chat.token): Promise<ApiAnswer> =>
      client.request(`/api/actions/${id}`, { method: "POST", token, body: { confirm } });
    const state = async () => {
      const [row] = await product().query<{ state: string }>("select state from actions where id = $1", [id]);
      return row?.state;
    };
    return { id, order, chat, answer, state };
  }

  const jobOf = ({ body }: ApiAnswer) => body as { jobId: string; conversationId: string; token: string };

  it("is done once, by the visitor's yes, and the model tells of it", async () => {
    const { client, provider } = product();
    const { id, order, chat, answer } = await propose("never");
    expect(requests.get(order)).toBeUndefined();
    expect(await client.conversation(chat)).toMatchObject({
      actions: [{ id, state: "waiting", messageId: chat.messageId }],
    });
    provider.answer(`Yes: Cancel order ${order}`, { steps: ["It is cancelled."] });
    const answers = await Promise.all([answer(true), answer(true), answer(true)]);
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 200, 202]);
    expect(new Set(answers.map((each) => jobOf(each).jobId)).size).toBe(1);
    const [first] = answers;
    expect(await client.ended(jobOf(first))).toMatchObject({
      status: "completed",
      reply: { text: "It is cancelled." },
    });
    expect(await answer(false)).toMatchObject({ status: 409, body: { type: "/problems/answered" } });
    // It can be neither replaced nor so asked again: the model would not know that it is done.
    const { messages } = await client.conversation(chat);
    const replaces = messages.find(({ text }) => text.startsWith("Yes: "))?.id;
    expect(await client.post({ message: "Yes", replaces }, { to: chat })).toMatchObject({ status: 400 });
    expect((await client.conversation(chat)).actions).toMatchObject([{ answerMessageId: replaces }]);
    expect(requests.get(order)).toEqual(["cancel never"]);
    expect([...(cancelled.get(order) ?? [])].map((key) => key.split(" ")[0])).toEqual([id]);
    const { request } = await provider.called(`Yes: Cancel order ${order}`);
    expect(request.messages.at(-1)?.text).toContain(`Order ${order} is cancelled.`);
    const desk = await new OperatorClient(client.base).request(`/conversations/${chat.conversationId}`);
    expect(desk.body).toMatchObject({ actions: [{ id, state: "done", result: `Order ${order} is cancelled.` }] });
  });

  it.skipIf(chromiumPath === undefined)(
    "is confirmed on its card, and shown as done in each tab and after a reload",
    async () => {
      const { client, provider } = product();
      const order = String(randomInt(10 ** 9, 10 ** 10));
      const call = { call: { name: "cancel_never", arguments: JSON.stringify({ order }) } };
      provider.answer(`Cancel ${order}`, { steps: ["Please confirm.", call] });
      provider.answer(`Yes: Cancel order ${order}`, { steps: ["It is cancelled."] });
      await using context = await browser.newContext({ reducedMotion: "reduce" });
      context.setDefaultTimeout(20_000);
      const [page, tab] = [await context.newPage(), await context.newPage()];
      const cardIn = (where: Page) => where.getByRole("group", { name: `Cancel order ${order}` });
      for (const each of [page, tab]) {
        await each.goto(client.base);
        await each.getByRole("button", { name: "Open chat" }).click();
      }
      await page.getByRole("textbox", { name: "Your message" }).fill(`Cancel ${order}`);
      await page.getByRole("textbox", { name: "Your message" }).press("Enter");
      for (const each of [page, tab]) await cardIn(each).getByRole("button", { name: "Yes, go ahead" }).waitFor();
      expect(requests.get(order)).toBeUndefined();
      await cardIn(page).getByRole("button", { name: "Yes, go ahead" }).click();
      await page.getByText("It is cancelled.", { exact: true }).first().waitFor();
      await page.reload();
      for (const each of [page, tab]) {
        await cardIn(each).getByText("Done.", { exact: true }).waitFor();
        await cardIn(each).getByText(`Order ${order} is cancelled.`).waitFor();
        expect(await cardIn(each).getByRole("button").count()).toBe(0);
      }
      expect(requests.get(order)).toEqual(["cancel never"]);
    },
  );

  it("is not done after a no, and answered by nobody else", async () => {
    const { client } = product();
    const [own, other] = [await propose("key"), await propose("key")];
    expect((await own.answer(true, other.chat.token)).status).toBe(403);
    const refused = await own.answer(false);
    expect(refused.status).toBe(202);
    expect(await client.ended(jobOf(refused))).toMatchObject({ status: "completed" });
    expect(await own.answer(true)).toMatchObject({ status: 409 });
    expect(await own.state()).toBe("refused");
    expect(requests.get(own.order)).toBeUndefined();
    // A person takes the other one over.
    await new OperatorClient(client.base).take(other.chat.conversationId);
    expect(await other.answer(true)).toMatchObject({ status: 410, body: { state: "withdrawn" } });
    expect(requests.get(other.order)).toBeUndefined();
  });

  it("is told in the site's words where every provider fails after it", async () => {
    const { client, provider } = product();
    const { order, answer } = await propose("never");
    provider.answer(`Yes: Cancel order ${order}`, { status: 400, steps: [] });
    expect(await client.ended(jobOf(await answer(true)))).toMatchObject({
      status: "completed",
      reply: { text: `Order ${order} is cancelled.` },
    });
  });

  it("is settled after its worker was killed before it heard", { timeout: 60_000 }, async () => {
    const { client, startWorker, workers } = product();
    const cases = await Promise.all(kinds.map(propose));
    for (const { order } of cases) lost.set(order, undefined);
    const jobs = await Promise.all(cases.map(async ({ answer }) => jobOf(await answer(true))));
    await eventually("all three sent", () => cases.every(({ order }) => lost.get(order)) || undefined);
    await Promise.all(workers.map((worker) => worker.kill()));
    await startWorker();
    const replies = await Promise.all(
      jobs.map((job) =>
        eventually(
          "the end",
          async () => {
            const { status, reply } = await client.job(job);
            return status === "completed" ? reply?.text : undefined;
          },
          40_000,
        ),
      ),
    );
    expect(await Promise.all(cases.map(({ state }) => state()))).toEqual(["done", "done", "unknown"]);
    expect(cases.map(({ order }) => requests.get(order))).toEqual([
      ["cancel key", "cancel key"],
      ["cancel status", "status status"],
      ["cancel never"],
    ]);
    expect(cancelled.get(cases[0]?.order ?? "")?.size).toBe(1);
    expect(replies[2]).toContain("I cannot tell whether this was done");
    const { chat } = cases[2] ?? (await propose("never"));
    await eventually("a person is asked for", async () => (await client.conversation(chat)).handledBy === "waiting");
    const [stretch] = await product().query<{ reason: string }>(
      "select reason from stretches where conversation_id = $1 and handled_by = 'waiting'",
      [chat.conversationId],
    );
    expect(stretch?.reason).toBe("unknown-action");
  });
});
