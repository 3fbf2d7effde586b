import { randomInt, randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { assistantsPath } from "../../../shared/assistants/assistants.ts";
import { submitResponse } from "../../../shared/protocol/submit.ts";
import type { JobRef } from "../harness/api-client.ts";
import { findText } from "../harness/find-text.ts";
import type { Product } from "../harness/product.ts";
import { eventually, onBackendsSideBySide } from "../harness/suite.ts";

const identitySecret = "the secret of the embedding site: long enough";

/** Orders that were asked for or cancelled, with the customer of each request. */
const requests: string[] = [];
/** Orders whose answer is held back, until the first request for them has arrived. */
const held = new Set<string>();
const shop = createServer((req, res) => {
  const [, customer = "", what = "", order = ""] = req.url?.split("/") ?? [];
  requests.push(`${what} ${order} ${decodeURIComponent(customer)}`);
  if (held.delete(order)) return;
  res.writeHead(200).end(`{"state":"on its way","of":${JSON.stringify(decodeURIComponent(customer))}}`);
});
await new Promise<void>((listening) => shop.listen(0, "127.0.0.1", listening));
const { port } = shop.address() as AddressInfo;
afterAll(() => {
  shop.closeAllConnections();
  shop.close();
});

const properties = { order: { type: "string" }, customer: { type: "string" } };
const common = {
  parameters: { type: "object", properties, required: ["order", "customer"], additionalProperties: false },
  identity: { customer: "customer_number" },
  timeoutMs: 30_000,
};
const tools = [
  {
    ...common,
    name: "order_status",
    description: "Looks up an order",
    effect: "read",
    request: { method: "GET", url: `http://127.0.0.1:${port}/{customer}/read/{order}` },
  },
  {
    ...common,
    name: "cancel_order",
    description: "Cancels an order",
    effect: "change",
    repeat: "key",
    request: { method: "POST", url: `http://127.0.0.1:${port}/{customer}/cancel/{order}` },
    card: { title: "Cancel order {order}", lines: [] },
  },
];

async function addTools({ folder, apis, workers }: Product): Promise<void> {
  const path = join(folder ?? "", assistantsPath);
  const file = JSON.parse(await readFile(path, "utf8")) as { assistants: { default: object } };
  file.assistants.default = { ...file.assistants.default, tools };
  await writeFile(path, JSON.stringify(file));
  const inUse = () =>
    [...apis, ...workers].every(({ output }) => output.includes("assistants, prices and hours are in use"));
  await eventually("the tools in use", async () => inUse() || undefined);
}

const env = {
  LOG_LEVEL: "trace",
  IDENTITY_SECRET: identitySecret,
  FETCH_ALLOW_PRIVATE: "127.0.0.0/8",
  FETCH_PORTS: String(port),
};

onBackendsSideBySide("a tool by the visitor's identity", { ownConfig: true, env }, (product) => {
  beforeAll(() => addTools(product()));

  /** A customer whom the shop has signed in. */
  function newCustomer() {
    const number = `canary-${randomUUID()}`;
    const sub = randomUUID();
    const sign = (expires = "1 hour", secret = identitySecret) =>
      new SignJWT({ customer_number: number })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(sub)
        .setExpirationTime(expires)
        .sign(Buffer.from(secret));
    return { number, sign };
  }
  type Customer = ReturnType<typeof newCustomer>;
  const newOrder = () => String(randomInt(10 ** 9, 10 ** 10));

  async function submitAs(customer: Customer | undefined, message: string): Promise<JobRef> {
    const headers = customer && { "x-parley-identity": await customer.sign() };
    const { body } = await product().client.request("/api/chat", {
      method: "POST",
      body: { message },
      ...(headers && { headers }),
    });
    return submitResponse.parse(body);
  }

  const calls = (tool: string, given: object) => ({
    steps: [{ call: { name: tool, arguments: JSON.stringify(given) } }],
  });

  async function propose(customer: Customer) {
    const { client, provider } = product();
    const order = newOrder();
    const asked = `Cancel ${order}`;
    provider.answer(
      asked,
      { steps: ["Please confirm.", ...calls("cancel_order", { order }).steps] },
      { steps: ["Please confirm."] },
    );
    const chat = await submitAs(customer, asked);
    const [card] = (await client.ended(chat)).actions ?? [];
    const answer = (headers: Record<string, string> = {}, token?: string) =>
      client.request(`/api/actions/${card?.id ?? ""}`, { method: "POST", token, headers, body: { confirm: true } });
    return { order, chat, card, answer };
  }

  async function seenAnywhere({ number }: Customer): Promise<string[]> {
    const { provider, output } = product();
    const prompts = JSON.stringify(provider.calls).includes(number) ? ["a prompt"] : [];
    const logs = output().includes(number) ? ["a log"] : [];
    return [...prompts, ...logs, ...(await findText(product(), number))];
  }

  it("reads for the visitor whom the site signed in, whatever the model says, and keeps nothing of them", async () => {
    const { client, provider, query } = product();
    const [customer, order] = [newCustomer(), newOrder()];
    const asked = `Where is ${order}?`;
    provider.answer(
      asked,
      calls("order_status", { order, customer: "somebody else" }),
      calls("order_status", { order }),
      { steps: ["It is on its way."] },
    );
    const chat = await submitAs(customer, asked);
    expect(await client.ended(chat)).toMatchObject({ reply: { text: "It is on its way." } });
    expect(requests.filter((each) => each.includes(order))).toEqual([`read ${order} ${customer.number}`]);
    const { request } = await provider.called(asked, 3);
    expect(request.messages.at(-1)?.text).toContain("[identity]");
    const [first] = provider.calls.filter((call) => JSON.stringify(call.request.messages).includes(order));
    expect(JSON.stringify(first)).toContain("order_status");
    expect(JSON.stringify(first)).not.toContain('"customer"');
    expect(await query("select id from jobs where claims is not null")).toEqual([]);
    expect(await seenAnywhere(customer)).toEqual([]);
  });

  it("is not called for a visitor without an identity, whom the model asks to sign in", async () => {
    const { client, provider } = product();
    const order = newOrder();
    const asked = `Where is ${order}?`;
    provider.answer(asked, calls("order_status", { order }), { steps: ["Please sign in."] });
    expect(await client.ended(await submitAs(undefined, asked))).toMatchObject({ reply: { text: "Please sign in." } });
    const { request } = await provider.called(asked, 2);
    expect(request.messages.at(-1)?.text).toContain("the visitor is not signed in");
    expect(requests.filter((each) => each.includes(order))).toEqual([]);
  });

  it("changes something after the yes of the same visitor alone, signed in at that moment", async () => {
    const { client, query } = product();
    const [customer, other] = [newCustomer(), newCustomer()];
    const { order, chat, card, answer } = await propose(customer);
    expect(card).toMatchObject({ state: "waiting", title: `Cancel order ${order}` });
    expect(await answer({}, chat.token)).toMatchObject({ status: 403, body: { type: "/problems/identity-required" } });
    const refused = [
      [await other.sign(), 403],
      [await customer.sign("-5 minutes"), 401],
      [await customer.sign("1 hour", "another secret that is long enough"), 401],
    ] as const;
    for (const [identity, status] of refused) {
      expect((await answer({ "x-parley-identity": identity }, chat.token)).status).toBe(status);
    }
    expect(requests.filter((each) => each.includes(order))).toEqual([]);
    const { body, status } = await answer({ "x-parley-identity": await customer.sign() });
    expect(status).toBe(202);
    await client.ended(submitResponse.parse(body));
    expect(requests.filter((each) => each.includes(order))).toEqual([`cancel ${order} ${customer.number}`]);
    expect(await query("select state from actions where id = $1", [card?.id])).toEqual([{ state: "done" }]);
    expect(await seenAnywhere(customer)).toEqual([]);
  });

  it(
    "is called again after its worker was killed, by the next one, which has the identity too",
    { timeout: 60_000 },
    async () => {
      const { client, query, startWorker, workers } = product();
      const customer = newCustomer();
      const { order, card, answer } = await propose(customer);
      held.add(order);
      const { body } = await answer({ "x-parley-identity": await customer.sign() });
      const sent = `cancel ${order} ${customer.number}`;
      await eventually("it is sent", () => requests.includes(sent) || undefined);
      expect(await seenAnywhere(customer)).toEqual([]);
      await Promise.all(workers.map((worker) => worker.kill()));
      await startWorker();
      const job = submitResponse.parse(body);
      await eventually("the end", async () => (await client.job(job)).status === "completed" || undefined, 40_000);
      expect(requests.filter((each) => each === sent)).toHaveLength(2);
      expect(await query("select state from actions where id = $1", [card?.id])).toEqual([{ state: "done" }]);
      expect(await query("select id from jobs where claims is not null")).toEqual([]);
      expect(await seenAnywhere(customer)).toEqual([]);
    },
  );
});
