import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { assistantsPath, readAssistants } from "../../../shared/assistants/assistants.ts";
import { mcpServers } from "../../../shared/assistants/tools/mcp-declaration.ts";
import { readNamedSecrets } from "../../../shared/config/config.ts";
import { Lifecycle } from "../../../shared/process/lifecycle.ts";
import { openSiteTools } from "../../../shared/site-tools/open-site-tools.ts";
import type { SiteToolClient } from "../../../shared/site-tools/tool-outcome.ts";
import { withDemoShop } from "../../../shared/sites/demo-shop.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openDemoShop } from "./demo-shop.ts";

const log = quietLog();
const shipped = await readAssistants(assistantsPath);

interface RunningShop {
  env: Record<string, string>;
  url: string;
  client: SiteToolClient;
  end: () => Promise<void>;
}

async function startShop(folder: string): Promise<RunningShop> {
  const lifecycle = new Lifecycle(log);
  const env = await openDemoShop(folder, { lifecycle, log });
  const url = env["DEMO_SHOP_URL"] ?? "";
  const settings = {
    FETCH_ALLOW_PRIVATE: undefined,
    FETCH_PORTS: undefined,
    FETCH_PROXY: undefined,
    DEMO_SHOP_URL: url,
  };
  const client = openSiteTools({ settings, secrets: readNamedSecrets(env), log });
  lifecycle.onClose("client", () => client.close());
  return { env, url, client, end: () => lifecycle.close(1000) };
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "parley-demo-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function toolsOf(url: string) {
  const [status, cancel] = withDemoShop(shipped, url).get("default")?.tools ?? [];
  if (!status || !cancel) throw new Error("the tools are missing");
  return { status, cancel };
}

describe("the demo shop", () => {
  it("cancels an order once under a key, answers the same again, and keeps both and its address over a restart", () =>
    withFolder(async (folder) => {
      const first = await startShop(folder);
      const { status, cancel } = toolsOf(first.url);
      const order = { order: "1042" };
      const read = ({ client }: RunningShop, locale = "en") =>
        client.call(status, order, { idempotencyKey: "read", locale });
      expect(await read(first)).toMatchObject({ text: expect.stringContaining("It is being packed.") as string });
      expect(await read(first, "ja")).toMatchObject({ text: expect.stringContaining("梱包中") as string });
      const said = await first.client.call(cancel, order, { idempotencyKey: "one" });
      expect(said).toMatchObject({ state: "done", text: expect.stringContaining("1042 is cancelled") as string });
      await first.end();
      const second = await startShop(folder);
      expect(second.url).toBe(first.url);
      expect(await second.client.call(cancel, order, { idempotencyKey: "one", repeated: true })).toEqual(said);
      expect(await second.client.call(cancel, order, { idempotencyKey: "two" })).toMatchObject({
        state: "failed",
        text: "Order 1042 cannot be cancelled. It is cancelled.",
      });
      expect(await read(second)).toMatchObject({ text: expect.stringContaining("It is cancelled.") as string });
      await second.end();
    }));

  it("answers nobody without its secret, and tools reach it alone of this machine", () =>
    withFolder(async (folder) => {
      await using stack = new AsyncDisposableStack();
      const [shop, other] = [await startShop(folder), await startShop(await mkdtemp(join(folder, "other-")))];
      for (const { end } of [shop, other]) stack.defer(end);
      expect((await fetch(`${shop.url}/orders/1042`)).status).toBe(401);
      const elsewhere = toolsOf(other.url).status;
      expect(await shop.client.call(elsewhere, { order: "1042" }, { idempotencyKey: "1" })).toMatchObject({
        state: "failed",
        reason: expect.stringMatching(/Port \d+ is not allowed/) as string,
      });
    }));

  it("begins anew with a damaged file", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "demo-shop.json"), "{");
      const shop = await startShop(folder);
      expect(shop.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      await shop.end();
    }));
});

describe("the tools of the demo shop", () => {
  const url = "http://127.0.0.1:4999";
  const withShipped = (change: Partial<Assistant>) => {
    const assistant = shipped.get("default");
    if (!assistant) throw new Error("there is no assistant");
    return new Map([["default", { ...assistant, ...change }]]);
  };

  it("belong to the shipped assistant, whose instructions no longer say that it sees no orders", () => {
    const { instructions, tools } = withDemoShop(shipped, url).get("default") ?? {};
    expect(tools?.map(({ name }) => name)).toEqual(["order_status", "cancel_order"]);
    expect(instructions).toContain("with order_status alone");
    expect(instructions).not.toContain("You cannot see orders");
  });

  it("are not added without a shop, nor to an assistant of the owner's own", () => {
    expect(withDemoShop(shipped, undefined)).toBe(shipped);
    const [own] = withDemoShop(shipped, url).get("default")?.tools ?? [];
    const mcp = mcpServers.parse([
      { url: "https://shop.example.com/mcp", tools: [{ name: "order_status", effect: "read" }] },
    ]);
    const changes = [{ tools: own ? [own] : [] }, { mcp }, { instructions: "Be kind." }];
    for (const assistants of changes.map(withShipped)) {
      expect(withDemoShop(assistants, url)).toBe(assistants);
    }
  });
});
