import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { type SiteTool, siteTools } from "../assistants/tools/site-tool.ts";
import { readNamedSecrets } from "../config/config.ts";
import { maskIdentity } from "./mask-identity.ts";
import { openSiteTools } from "./open-site-tools.ts";
import type { SiteToolClient } from "./tool-outcome.ts";

const seen: string[] = [];
const logged: unknown[] = [];
let port: number;
let client: SiteToolClient;
beforeAll(async () => {
  const server = createServer((req, res) => {
    seen.push(req.url ?? "");
    if (req.url?.startsWith("/status")) res.end('{"state":"done"}');
    else res.writeHead(req.url?.includes("refused") ? 403 : 200).end(`Of ${req.url}: C-4711, C-47110`);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  ({ port } = server.address() as AddressInfo);
  const settings = { FETCH_ALLOW_PRIVATE: ["127.0.0.0/8"], FETCH_PORTS: [port], FETCH_PROXY: undefined };
  const log = { warn: (given: unknown) => void logged.push(given) };
  client = openSiteTools({ settings, secrets: readNamedSecrets({}), log });
  return async () => {
    await client.close();
    await new Promise((done) => server.close(done));
  };
});

function toolWith(given: object = {}): SiteTool {
  const customer = { type: "string", pattern: "^C-" };
  const [tool] = siteTools.parse([
    {
      name: "order_status",
      description: "Looks up an order",
      parameters: { type: "object", properties: { order: { type: "string" }, customer }, required: ["order"] },
      effect: "read",
      request: { method: "GET", url: `http://127.0.0.1:${port}/{customer}/{order}` },
      identity: { customer: "customer_id" },
      ...given,
    },
  ]);
  if (!tool) throw new Error("there is no tool");
  return tool;
}

const claims = { sub: "ada", customer_id: "C-4711" };
const usual = { idempotencyKey: "action-1", claims };

describe("a tool that takes of the visitor's identity", () => {
  it("gets it from there, and the endpoint's words are without it", async () => {
    const outcome = await client.call(toolWith(), { order: "1042" }, usual);
    expect(seen.at(-1)).toBe("/C-4711/1042");
    expect(outcome).toMatchObject({ state: "done", text: "Of /[identity]/1042: [identity], C-47110" });
  });

  it("is not called with a value of the model, which is told that there is no such parameter", async () => {
    const before = seen.length;
    for (const customer of ["C-4711", "C-1", undefined]) {
      const outcome = await client.call(toolWith(), { order: "1042", customer }, usual);
      expect(outcome).toMatchObject({ state: "failed", isMistake: true });
      expect(outcome.text).toBe('The arguments do not fit: the arguments must not have "customer".');
    }
    expect(seen).toHaveLength(before);
  });

  it.each([[undefined], [{}], [{ sub: "C-4711" }], [{ customer_id: { id: "C-4711" } }]])(
    "is not called with the claims %j",
    async (given) => {
      const before = seen.length;
      const outcome = await client.call(toolWith(), { order: "1042" }, { ...usual, claims: given });
      expect(outcome).toEqual({ state: "failed", needsIdentity: true, text: "" });
      expect(seen).toHaveLength(before);
    },
  );

  it.each(["4711", "C-/../admin"])(
    "is not called for a visitor who is %j, and the model is not told why",
    async (id) => {
      const before = seen.length;
      const outcome = await client.call(toolWith(), { order: "1042" }, { ...usual, claims: { customer_id: id } });
      expect(outcome).toMatchObject({ state: "failed", text: "" });
      expect(outcome).not.toHaveProperty("isMistake");
      expect(outcome.reason).toContain("The visitor's identity does not fit.");
      expect(JSON.stringify(outcome)).not.toContain(id);
      expect(seen).toHaveLength(before);
    },
  );

  it("is in no line of the log", async () => {
    await client.call(toolWith(), { order: "refused" }, usual);
    expect(logged).not.toHaveLength(0);
    expect(JSON.stringify(logged)).not.toContain("4711");
  });

  it("that changes something is asked about without an identity, where the question needs none", async () => {
    const change = {
      effect: "change",
      card: { title: "Cancel", lines: [] },
      request: { method: "POST", url: `http://127.0.0.1:${port}/{customer}` },
    };
    const later = { idempotencyKey: "action-1", repeated: true };
    const asked = toolWith({ ...change, status: { url: `http://127.0.0.1:${port}/status/{order}` } });
    expect(await client.askStatus(asked, { order: "1" }, later)).toMatchObject({ state: "done" });
    const needing = toolWith({ ...change, status: { url: `http://127.0.0.1:${port}/status/{customer}` } });
    for (const question of [client.askStatus, client.call]) {
      expect(await question(needing, { order: "1" }, later)).toMatchObject({ state: "unknown", needsIdentity: true });
    }
  });
});

describe("a masked identity", () => {
  it.each([
    ["4711", "4711, 47112, a4711, (4711)", "[identity], 47112, a4711, ([identity])"],
    ["a+b@example.com", "a+b@example.com a%2Bb%40example.com", "[identity] [identity]"],
    [4711, "No. 4711.", "No. [identity]."],
    ["7", "7 of 7", "7 of 7"],
    [true, "true", "true"],
  ])("%j in %j", (value, text, masked) => {
    expect(maskIdentity(text, { value })).toBe(masked);
  });
});
