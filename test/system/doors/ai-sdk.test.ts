import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { UIMessage } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assistantsPath } from "../../../shared/assistants/assistants.ts";
import { addPages } from "../../../shared/testing/fixtures/site-pages.ts";
import { OperatorClient } from "../harness/operator-client.ts";
import { echoOf, heldReply, pausedReply } from "../harness/scripted-provider.ts";
import { eventually, onBackendsSideBySide } from "../harness/suite.ts";
import { shownText, UiClient, untilText } from "./ui-client.ts";
import { openTestPool } from "../../../shared/testing/stores/postgres.ts";

/** Orders that the shop has cancelled, with the key of each request. */
const cancelled: string[] = [];
const shop = createServer((req, res) => {
  cancelled.push(`${req.url} ${String(req.headers["idempotency-key"])}`);
  res.end("{}");
});
await new Promise<void>((listening) => shop.listen(0, "127.0.0.1", listening));
const { port } = shop.address() as AddressInfo;
afterAll(() => {
  shop.closeAllConnections();
  shop.close();
});

const cancelOrder = {
  name: "cancel_order",
  description: "Cancels an order",
  parameters: { type: "object", properties: { order: { type: "string" } }, required: ["order"] },
  effect: "change",
  request: { method: "POST", url: `http://127.0.0.1:${port}/cancel/{order}`, body: { order: "{order}" } },
  card: { title: "Cancel order {order}", lines: [{ label: "Order", value: "{order}" }] },
  result: "Order {order} is cancelled.",
};

const env = { FETCH_ALLOW_PRIVATE: "127.0.0.0/8", FETCH_PORTS: String(port) };

onBackendsSideBySide("the AI SDK's chat", { apis: 2, ownConfig: true, env }, (product) => {
  beforeAll(async () => {
    const { folder, apis, workers, databaseUrl } = product();
    const path = join(folder ?? "", assistantsPath);
    const file = JSON.parse(await readFile(path, "utf8")) as { assistants: { default: object } };
    file.assistants.default = { ...file.assistants.default, tools: [cancelOrder] };
    await writeFile(path, JSON.stringify(file));
    const inUse = "assistants, prices and hours are in use";
    await eventually("the tool is in use", () => [...apis, ...workers].every(({ output }) => output.includes(inUse)));
    const pool = openTestPool(databaseUrl, 1);
    await addPages(pool, { "https://shop.example/returns": "Returns\nYou can send a teapot back within thirty days." });
    await pool.end();
  });

  /** Messages as they are stored, for the owner of a chat. */
  const stored = async ({ kept }: UiClient) => (await product().client.history(kept)).messages;
  const shown = (messages: readonly UIMessage[]) => messages.map((message) => shownText(message));

  it("shows a reply as it is written, and goes on after a reload at another process", async () => {
    const { provider, query } = product();
    const visitor = new UiClient(product());
    const asked = `Hello ${randomUUID()}`;
    const { script, release } = heldReply("Größe M: one", " two 😀 three.");
    provider.answer(asked, script);
    const page = await visitor.open();
    const sending = page.chat.sendMessage({ text: asked });
    await untilText(page, "Größe M: one");
    expect(page.chat.status).toBe("streaming");
    const reloaded = await visitor.open({ api: 1 });
    expect(shown(reloaded.chat.messages)).toEqual([asked]);
    const resuming = reloaded.chat.resumeStream();
    await untilText(reloaded, "Größe M: one");
    release();
    await Promise.all([sending, resuming]);
    const [, reply] = await stored(visitor);
    for (const { chat } of [page, reloaded]) {
      expect(chat.status).toBe("ready");
      expect(shown(chat.messages)).toEqual([asked, reply?.text]);
    }
    expect(reply?.text).toBe("Größe M: one two 😀 three.");
    expect(page.chat.lastMessage?.id).toBe(reloaded.chat.lastMessage?.id);
    expect(page.transport.hasMore).toBe(false);
    const { conversationId } = visitor.kept;
    expect(await query("select channel from conversations where id = $1", [conversationId])).toEqual([
      { channel: "ai-sdk" },
    ]);
    // Nothing runs.
    await reloaded.chat.resumeStream();
    expect(reloaded.chat.messages).toHaveLength(2);
  });

  it("stops a reply, and shows what was written", async () => {
    const { provider } = product();
    const visitor = new UiClient(product());
    const asked = `Stop ${randomUUID()}`;
    const { script } = pausedReply("One two", " three");
    provider.answer(asked, script);
    const page = await visitor.open();
    const sending = page.chat.sendMessage({ text: asked });
    await untilText(page, "One two");
    await (await visitor.open({ api: 1 })).transport.stopReply();
    await sending;
    expect(page.chat.status).toBe("ready");
    expect(await stored(visitor)).toMatchObject([
      {},
      { text: shownText(page.chat.lastMessage), finishReason: "cancelled" },
    ]);
  });

  it("shows the sources of a reply, each once", async () => {
    const { provider } = product();
    const visitor = new UiClient(product());
    const asked = "Can I send the teapot back within thirty days?";
    provider.answer(asked, { steps: ["Thirty days.", "[1] In its box.", "[1]"] });
    const { chat } = await visitor.open();
    await chat.sendMessage({ text: asked });
    const [, reply] = await stored(visitor);
    expect(shownText(chat.lastMessage)).toBe(reply?.text);
    const found = chat.lastMessage?.parts.filter(({ type }) => type === "source-url");
    expect(found).toEqual([expect.objectContaining({ sourceId: "1", title: "Returns" })]);
    expect(found?.[0]).toMatchObject({ url: expect.stringContaining("https://shop.example/returns") as string });
  });

  it("asks the visitor before an action, and goes on in the same message with what came of it", async () => {
    const { provider } = product();
    const visitor = new UiClient(product());
    const order = String(Math.floor(Math.random() * 1e9));
    const asked = `Cancel ${order}`;
    const call = { call: { name: "cancel_order", arguments: JSON.stringify({ order }) } };
    provider.answer(asked, { steps: ["Please confirm.", call] });
    provider.answer(`Yes: Cancel order ${order}`, { steps: ["It is done."] });
    const { chat, transport } = await visitor.open();
    await chat.sendMessage({ text: asked });
    const tool = () => chat.lastMessage?.parts.find((part) => part.type === "dynamic-tool");
    expect(tool()).toMatchObject({ toolName: "cancel_order", state: "approval-requested" });
    expect(tool()).toMatchObject({ title: `Cancel order ${order}` });
    expect(cancelled.filter((each) => each.includes(order))).toEqual([]);
    const id = tool()?.approval?.id ?? "";
    await chat.addToolApprovalResponse({ id, approved: true });
    await untilText({ chat, transport }, "It is done.");
    await eventually("the end", () => chat.status === "ready");
    expect(tool()).toMatchObject({ state: "output-available", output: { result: `Order ${order} is cancelled.` } });
    expect(shown(chat.messages)).toEqual([asked, "Please confirm.It is done."]);
    expect(cancelled.filter((each) => each.includes(order))).toEqual([`/cancel/${order} ${id}`]);
    expect((await stored(visitor)).map(({ text }) => text)).toEqual([
      asked,
      "Please confirm.",
      `Yes: Cancel order ${order}`,
      "It is done.",
    ]);
  });

  it("shows what a person says, from the cut on, and the assistant that has the conversation again", async () => {
    const { provider, apis } = product();
    const visitor = new UiClient(product());
    const asked = `Anybody there? ${randomUUID()}`;
    const held = pausedReply("One two", " three");
    provider.answer(asked, held.script);
    const page = await visitor.open();
    const sending = page.chat.sendMessage({ text: asked });
    await untilText(page, "One two");
    const { conversationId } = visitor.kept;
    const operator = new OperatorClient(apis[1]?.url ?? "");
    await operator.take(conversationId);
    await sending;
    held.release();
    const handling = () => page.chat.lastMessage?.parts.find(({ type }) => type === "data-handling");
    expect(handling()).toMatchObject({ data: { handledBy: "operator", operator: { name: "Support" } } });
    expect(page.transport.hasMore).toBe(true);
    const waiting = page.chat.resumeStream();
    await operator.say(conversationId, "Hello, I am looking.");
    await waiting;
    expect(shownText(page.chat.lastMessage)).toBe("Hello, I am looking.");
    // Said between two requests.
    await operator.say(conversationId, "It has left us.");
    await page.chat.resumeStream();
    const last = `Thank you ${randomUUID()}`;
    await page.chat.sendMessage({ text: last });
    const resuming = page.chat.resumeStream();
    await operator.change(conversationId, "release", { to: "ai" });
    await resuming;
    const texts = (await stored(visitor)).map(({ text }) => text);
    expect(shown(page.chat.messages).filter((text) => text !== "")).toEqual(texts);
    expect(texts).toEqual([asked, "One two", "Hello, I am looking.", "It has left us.", last, echoOf(last)]);
  });

  it("asks anew in a turn that names the one it replaces, as an edited message does", async () => {
    const { provider } = product();
    const visitor = new UiClient(product());
    const asked = `Again ${randomUUID()}`;
    provider.answer(asked, { steps: ["First."] }, { steps: ["Second."] });
    const { chat } = await visitor.open();
    await chat.sendMessage({ text: asked });
    await chat.regenerate();
    expect(shown(chat.messages)).toEqual([asked, "Second."]);
    const messageId = chat.messages[0]?.id ?? "";
    await chat.sendMessage({ text: "Edited", messageId });
    const [first, , second, , third] = await stored(visitor);
    expect([second, third]).toMatchObject([
      { text: asked, replaces: first?.id },
      { text: "Edited", replaces: second?.id },
    ]);
    expect(shown(chat.messages)).toEqual(["Edited", echoOf("Edited")]);
    expect(shown((await visitor.open()).chat.messages)).toEqual(shown(chat.messages));
  });

  it("forgets a conversation that was deleted, and begins a new one", async () => {
    const { client } = product();
    const visitor = new UiClient(product());
    const { chat } = await visitor.open();
    await chat.sendMessage({ text: "Forget this" });
    const { conversationId, token } = visitor.kept;
    await client.request(`/api/conversations/${conversationId}`, { method: "DELETE", token });
    const reloaded = await visitor.open();
    expect(reloaded.chat.messages).toEqual([]);
    await reloaded.chat.sendMessage({ text: "Hello again" });
    expect(shown(reloaded.chat.messages)).toEqual(["Hello again", echoOf("Hello again")]);
    expect(visitor.kept.conversationId).not.toBe(conversationId);
  });

  describe("when a process dies", { timeout: 90_000 }, () => {
    it("resumes at another API, and shows the whole reply", async () => {
      const { provider, startApi } = product();
      const visitor = new UiClient(product());
      const asked = `Dies ${randomUUID()}`;
      const { script, release } = heldReply("Half", " and whole.");
      provider.answer(asked, script);
      const dying = await startApi();
      const page = await visitor.open({ url: dying.url });
      const sending = page.chat.sendMessage({ text: asked });
      await untilText(page, "Half");
      await dying.kill();
      await sending;
      expect(page.chat.status).toBe("error");
      release();
      await product().client.ended(await jobOf(visitor));
      // It has ended meanwhile, and what the client has of it is not the whole.
      const { chat, transport } = await visitor.open({ messages: page.chat.messages });
      expect(transport.hasMore).toBe(true);
      await chat.resumeStream();
      expect(shown(chat.messages)).toEqual([asked, "Half and whole."]);
      expect(transport.hasMore).toBe(false);
    });

    it("drops what a killed worker wrote, and shows what the next one writes", async () => {
      const { provider, workers, startWorker } = product();
      const visitor = new UiClient(product());
      const asked = `Worker ${randomUUID()}`;
      provider.answer(asked, heldReply("Lost words").script, { steps: ["Other", " words."] });
      const page = await visitor.open();
      const sending = page.chat.sendMessage({ text: asked });
      await untilText(page, "Lost words");
      await Promise.all(workers.map((worker) => worker.kill()));
      await startWorker();
      await sending;
      expect(page.chat.status).toBe("ready");
      expect(shown(page.chat.messages)).toEqual([asked, "Other words."]);
      expect((await stored(visitor)).map(({ text }) => text)).toEqual([asked, "Other words."]);
    });
  });

  async function jobOf({ kept }: UiClient) {
    const [row] = await product().query<{ id: string }>(
      "select id from jobs where conversation_id = $1 order by turn desc limit 1",
      [kept.conversationId],
    );
    return { ...kept, jobId: row?.id ?? "" };
  }
});
