import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../config/config.ts";
import { readAssistants } from "../assistants.ts";
import { hashOfTool } from "./hash-of-tool.ts";
import { claimsTakenBy, offeredParameters, valuesOfIdentity } from "./identity-parameters.ts";
import type { SiteTool } from "./site-tool.ts";
import { secretsOfTool } from "./tool-faults.ts";

const order = { type: "object", properties: { order: { type: "string" } }, required: ["order"] };
const reading = {
  name: "order_status",
  description: "Looks up an order",
  parameters: order,
  effect: "read",
  request: {
    method: "GET",
    url: "https://shop.example/orders/{order}?lang={order}",
    headers: { Authorization: "Bearer ${secret:SHOP_KEY}" },
  },
};
const changing = {
  ...reading,
  name: "cancel_order",
  effect: "change",
  request: { method: "POST", url: "https://shop.example/cancel", body: { order: "{order}" } },
  card: { title: { en: "Cancel order" }, lines: [{ label: "Order", value: "{order}" }] },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "parley-tools-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Reads tools as the file of an assistant has them. */
async function toolsFrom(...tools: readonly object[]): Promise<SiteTool[]> {
  const presets = [
    { default: true, reply: "How can I help?" },
    { fallback: true, reply: "Please try again." },
  ];
  const assistant = { name: "Shop", description: "Sells", instructions: "Be kind.", presets, tools };
  const file = path.join(folder, "assistants.json");
  await writeFile(file, JSON.stringify({ assistants: { default: assistant } }));
  return (await readAssistants(file)).get("default")?.tools ?? [];
}

/** Faults of a tool, without the part of the path that is the same for all. */
async function faultsOf(...tools: readonly object[]): Promise<string> {
  const error: unknown = await toolsFrom(...tools).catch((refused: unknown) => refused);
  if (!(error instanceof ConfigError)) throw new Error("the tools were not refused");
  return error.message.replaceAll(`${path.join(folder, "assistants.json")}: assistants.default.tools.0.`, "");
}

describe("tools of an assistant", () => {
  it("are asked about if they change something, and are not if they read", async () => {
    expect(await toolsFrom(reading, changing)).toMatchObject([
      { confirm: "never", repeat: "never", timeoutMs: 10_000 },
      { confirm: "visitor" },
    ]);
  });

  const request = reading.request;
  const faults: [string, object, string][] = [
    ["a name that providers refuse", { ...reading, name: "order status" }, "name: expected a name like"],
    ["a name of ours", { ...reading, name: "handoff" }, "name: is the name of a tool of Parley's own"],
    ["reading that is asked about", { ...reading, confirm: "visitor" }, 'confirm: expected "never"'],
    ["a change without a card", { ...changing, card: undefined }, "card: expected title and lines"],
    ["a card that is never shown", { ...reading, card: changing.card }, "card: is never shown"],
    ["a change by GET", { ...changing, request }, "request.method: expected another one"],
    [
      "a body that is not sent",
      { ...reading, request: { ...request, body: {} } },
      "request.body: is not sent with GET",
    ],
    [
      "an unknown placeholder",
      { ...reading, request: { ...request, url: "https://s.example/{id}" } },
      "has {id}, which is no",
    ],
    [
      "one in the body",
      { ...changing, request: { ...changing.request, body: { a: ["{id}"] } } },
      "request.body.a.0: has {id}",
    ],
    ["one in the card", { ...changing, card: { title: "{id}", lines: [] } }, "card.title: has {id}"],
    ["one in the outcome", { ...reading, result: { en: "{status}" } }, "result.en: has {status}"],
    ["a secret that is shown", { ...reading, result: "${secret:SHOP_KEY}" }, "result: must not have a secret"],
    [
      "a misspelt secret",
      { ...reading, request: { ...request, headers: { A: "${SHOP_KEY}" } } },
      'expected "${secret:NAME}"',
    ],
    ["a header of ours", { ...reading, request: { ...request, headers: { host: "a" } } }, "is set by Parley itself"],
    [
      "an optional part of a path",
      { ...reading, parameters: { ...order, required: [] } },
      "expected it in parameters.required",
    ],
    [
      "status elsewhere",
      { ...changing, status: { url: "https://other.example/a" } },
      "status.url: expected the host of",
    ],
    [
      "a schema that is none",
      { ...reading, parameters: { ...order, minProperties: "one" } },
      "parameters: expected a JSON Schema",
    ],
    [
      "a misspelt keyword",
      { ...reading, parameters: { ...order, propertyList: {} } },
      'unknown keyword: "propertyList"',
    ],
    ["a field that there is not", { ...reading, timeout: 5 }, 'has unknown fields: "timeout"'],
    ["identity for no parameter", { ...reading, identity: { customer: "sub" } }, "identity.customer: is no parameter"],
    ["identity of a time", { ...reading, identity: { order: "exp" } }, "identity.order: is a time of the identity"],
    [
      "identity that is shown",
      { ...reading, identity: { order: "sub" }, result: "Order {order}" },
      "result: must not have {order}: it is of the visitor's identity",
    ],
    [
      "identity that other keywords rest on",
      { ...reading, identity: { order: "sub" }, parameters: { ...order, dependentRequired: { order: ["order"] } } },
      "identity.order: expected it in properties and required of parameters only",
    ],
  ];
  it.each(faults)("are refused with %s", async (_what, tool, expected) => {
    expect(await faultsOf(tool)).toContain(expected);
  });

  it.each([
    "https://{order}.example/",
    "https://shop.example:{order}/",
    "https://a:b@shop.example/",
    "https://shop.example/?{order}=1",
    "https://shop.example/#{order}",
    "https://${secret:HOST}/",
    "ftp://shop.example/",
    "//shop.example/",
  ])("have no address like %s", async (url) => {
    expect(await faultsOf({ ...reading, request: { ...request, url } })).toContain("request.url: expected an address");
  });

  it("have names of their own", async () => {
    expect(await faultsOf(reading, reading)).toContain("tools.1.name: is the name of two tools");
  });

  it("name their secrets", async () => {
    const [tool] = await toolsFrom(reading);
    expect(tool && secretsOfTool(tool)).toEqual(["SHOP_KEY"]);
  });
});

describe("parameters of a visitor's identity", () => {
  it("are in no schema that a model gets, and need not be required in a path", async () => {
    const properties = { order: { type: "string" }, customer: { type: "string" } };
    const parameters = { type: "object", properties, required: ["order", "customer"] };
    const request = { ...reading.request, url: "https://shop.example/{customer}/{order}" };
    const [tool, other] = await toolsFrom(
      { ...reading, parameters, request, identity: { customer: "sub" } },
      {
        ...reading,
        name: "order_of",
        parameters: { ...parameters, required: ["order"] },
        request,
        identity: { customer: "sub" },
      },
    );
    if (!tool || !other) throw new Error("a tool is missing");
    expect(offeredParameters(tool)).toEqual({ ...order, required: ["order"] });
    expect(offeredParameters(tool)).toBe(offeredParameters(tool));
    expect(offeredParameters(other)).toEqual(order);
    expect(claimsTakenBy([tool, other])).toEqual(["sub"]);
    expect(valuesOfIdentity(tool, { sub: "4711" })).toEqual({ customer: "4711" });
    for (const claims of [undefined, {}, { sub: null }, { sub: ["4711"] }]) {
      expect(valuesOfIdentity(tool, claims)).toBeUndefined();
    }
  });
});

describe("version of a tool", () => {
  it("is the same whatever the order of fields, and another after any change", async () => {
    const { name, ...others } = reading;
    const [one, two, three] = [
      ...(await toolsFrom(reading)),
      ...(await toolsFrom({ ...others, name })),
      ...(await toolsFrom({ ...reading, description: "Looks an order up" })),
    ];
    if (!one || !two || !three) throw new Error("a tool is missing");
    expect(hashOfTool(one)).toMatch(/^[\w-]{43}$/);
    expect(hashOfTool(two)).toBe(hashOfTool(one));
    expect(hashOfTool(three)).not.toBe(hashOfTool(one));
  });
});
