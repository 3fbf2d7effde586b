import { cp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { assistantsPath } from "../../../shared/assistants/assistants.ts";
import { startFakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import type { Script } from "../../../tools/fake-provider/fake-script.ts";
import { HttpConnection } from "../../clients/http-connection.ts";
import { follow, type SubmitAcceptance } from "../../clients/visitors.ts";
import type { Contender, Figure } from "../../figure.ts";
import { describeNumber } from "../../report/table.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { sum } from "../../statistics.ts";
import { countStatements, type Counts } from "../../testbed/count-statements.ts";
import { root } from "../../testbed/measured-process.ts";
import { type Parley, startParley } from "../../testbed/parley.ts";
import { realPace } from "../../testbed/provider.ts";
import { openRedis } from "../../testbed/redis.ts";

const chats = 12;
/** Time for writes after a reply's end to reach the stores. */
const settleMs = 500;
/** Cost of an answer with one reading tool, of that of one without. */
const limit = 1.75;

export const toolsScenario: Scenario = {
  name: "tools",
  about:
    "statements and Redis commands of one client's answer of 50 tokens in a second that calls a tool first, compared with one that calls none; what the processes do without a message is taken off",
  needsRedis: true,
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const { cwd, env } = await openShop(bench, stack);
    const figures = [];
    for (const backend of ["redis", "postgres"] as const) {
      const parley = await startParley(bench.testbed, { backend, countStatements: true, cwd, env });
      figures.push(...(await compare(bench, parley, backend)));
      await parley[Symbol.asyncDispose]();
    }
    return figures;
  },
};

async function compare(bench: Bench, parley: Parley, backend: "redis" | "postgres"): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const connection = stack.adopt(new HttpConnection(parley.origin), (each) => each.destroy());
  const redis = backend === "redis" ? openRedis(stack, parley.redis?.url) : undefined;
  const work = {
    idle: () => sleep(chats * 1000),
    plain: () => chatSome(connection, "plain"),
    shop: () => chatSome(connection, "default"),
  };
  // Connections, prepared statements and the client of tools are made once.
  await work.shop();
  const figures: Figure[] = [];
  for (const store of ["statements", "commands"] as const) {
    const counted = await countAll(work, store === "statements" ? { pool: parley.pool } : { redis });
    if (!counted) continue;
    const [plain, shop] = [without(counted.plain, counted.idle), without(counted.shop, counted.idle)];
    bench.say(`  ${backend}, ${store} of an answer: ${describe(plain)}\n  with a tool: ${describe(shop)}`);
    const contender: Contender = backend === "redis" ? "parley" : "parleyPg";
    figures.push({
      id: `tools/${store}-${backend}`,
      what: `${store} of an answer with one reading tool, of one without`,
      unit: "×",
      better: "less",
      values: { [contender]: [total(shop) / total(plain)] },
      targets: [{ contender, limit }],
    });
  }
  return figures;
}

type Work = Record<"idle" | "plain" | "shop", () => Promise<unknown>>;

async function countAll(
  { idle, plain, shop }: Work,
  { pool, redis }: { pool?: Parley["pool"]; redis?: Redis | undefined },
): Promise<Record<keyof Work, Counts> | undefined> {
  const count = pool
    ? (run: () => Promise<unknown>) => countStatements(pool, run)
    : redis && ((run: () => Promise<unknown>) => countCommands(redis, run));
  return count && { idle: await count(idle), plain: await count(plain), shop: await count(shop) };
}

async function countCommands(redis: Redis, work: () => Promise<unknown>): Promise<Counts> {
  const monitor = await redis.monitor();
  const counts: Counts = new Map();
  monitor.on("monitor", (_time: string, [name = ""]: string[], source: string) => {
    if (source !== "lua") counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  });
  await work();
  monitor.disconnect();
  return counts;
}

async function chatSome(connection: HttpConnection, assistantType: string): Promise<void> {
  for (let chat = 0; chat < chats; chat += 1) {
    const answer = await connection.request({
      method: "POST",
      path: "/api/chat",
      body: JSON.stringify({ message: "Where is my order 1042?", assistantType }),
    });
    const { links, token } = JSON.parse(answer.text) as SubmitAcceptance;
    const { text } = await follow(performance.now(), connection, links.events, token);
    if (!text.includes('"fallback":false')) throw new Error(`not answered by the provider: ${text}`);
  }
  await sleep(settleMs);
}

/** A shop with an endpoint, a model that looks an order up where it can, and an assistant without tools beside the shop's. */
async function openShop({ testbed }: Bench, stack: AsyncDisposableStack) {
  const shop = stack.adopt(
    createServer((_req, res) => res.end('{"state":"sent"}')),
    (server) => {
      server.close();
      server.closeAllConnections();
    },
  );
  await new Promise<void>((listening) => shop.listen(0, "127.0.0.1", listening));
  const { port } = shop.address() as AddressInfo;
  const fake = stack.adopt(await startFakeProvider({ record: false, script: answerOf }), (each) => each.close());
  const cwd = join(testbed.folder, "tools");
  await cp(join(root, "config"), join(cwd, "config"), { recursive: true });
  const path = join(cwd, assistantsPath);
  const file = JSON.parse(await readFile(path, "utf8")) as { assistants: { default: object } };
  const { default: plain } = file.assistants;
  const tool = {
    name: "order_status",
    description: "Looks up an order",
    parameters: { type: "object", properties: { order: { type: "string" } }, required: ["order"] },
    effect: "read",
    request: { method: "GET", url: `http://127.0.0.1:${port}/orders/{order}` },
  };
  await writeFile(path, JSON.stringify({ assistants: { default: { ...plain, tools: [tool] }, plain } }));
  const env = {
    FETCH_ALLOW_PRIVATE: "127.0.0.1/32",
    FETCH_PORTS: String(port),
    COMPATIBLE_BASE_URL: fake.url,
  };
  return { cwd, env };
}

function answerOf({ body, messages }: { body: unknown; messages: readonly { role: string }[] }): Script {
  const offers = JSON.stringify(body).includes('"order_status"');
  if (offers && messages.at(-1)?.role !== "tool") {
    return { steps: [{ call: { name: "order_status", arguments: '{"order":"1042"}' } }] };
  }
  const { firstMs, interMs, tokens } = realPace;
  const words = Array.from({ length: tokens }, () => [{ waitMs: interMs }, "word "]).flat();
  return { steps: [{ waitMs: firstMs }, ...words] };
}

function without(counts: Counts, idle: Counts): Counts {
  return new Map(
    [...counts].map(([name, count]) => [name, Math.max(0, count - (idle.get(name) ?? 0)) / chats] as const),
  );
}

function total(counts: Counts): number {
  return sum([...counts.values()]);
}

function describe(counts: Counts): string {
  const rare = 0.1;
  return [...counts]
    .filter(([, count]) => count >= rare)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${describeNumber(count)} ${name}`)
    .join(", ");
}
