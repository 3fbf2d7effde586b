import { randomUUID } from "node:crypto";
import { closedLoop } from "../../clients/closed-loop.ts";
import { HttpConnection } from "../../clients/http-connection.ts";
import { type BenchVisitor, parleyVisitor, type VisitorKind } from "../../clients/visitors.ts";
import type { Contender, Figure } from "../../figure.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { type Parley, startParley } from "../../testbed/parley.ts";
import type { ProviderPace } from "../../testbed/provider.ts";

const visitors = 20;
/** Cost of a chat at the door, of the contract's two requests for the same. */
const limit = 1.1;

/** Replies whose cost is that of a chat, and replies whose cost is that of their deltas. */
const paces = {
  chat: { firstMs: 20, interMs: 0, tokens: 5 },
  delta: { firstMs: 20, interMs: 5, tokens: 500 },
} as const satisfies Record<string, ProviderPace>;

export const doorsScenario: Scenario = {
  name: "doors",
  about: `CPU time of the API for a chat of the AI SDK's door, compared with a POST and the job's events; ${visitors} visitors`,
  needsRedis: true,
  async run(bench) {
    const figures: Figure[] = [];
    for (const backend of ["redis", "postgres"] as const) {
      await using parley = await startParley(bench.testbed, { backend });
      for (const what of ["chat", "delta"] as const) figures.push(await compareDoor(bench, parley, { backend, what }));
    }
    return figures;
  },
};

async function compareDoor(
  bench: Bench,
  parley: Parley,
  { backend, what }: { backend: "redis" | "postgres"; what: keyof typeof paces },
): Promise<Figure> {
  await bench.testbed.provider.pace(paces[what]);
  const measure = (kind: VisitorKind) => cpuPerChat(parley, kind, bench.ms(6000));
  // Connections, prepared statements and compiled code are made once.
  await measure(uiVisitor);
  await measure(parleyVisitor);
  const ratios: number[] = [];
  for (let round = 0; round < bench.rounds; round += 1) {
    const kinds = round % 2 === 0 ? [uiVisitor, parleyVisitor] : [parleyVisitor, uiVisitor];
    const costs = new Map<VisitorKind, number>();
    for (const kind of kinds) costs.set(kind, await measure(kind));
    const [door = 0, contract = 1] = [costs.get(uiVisitor), costs.get(parleyVisitor)];
    bench.say(
      `  ${backend}, per ${what}: ${door.toFixed(2)} ms of CPU a chat at the door, ${contract.toFixed(2)} ms with two requests`,
    );
    ratios.push(door / contract);
  }
  const contender: Contender = backend === "redis" ? "parley" : "parleyPg";
  return {
    id: `doors/${what}-${backend}`,
    what: `CPU of the API at the AI SDK's door, of the contract's two requests, for ${what === "chat" ? "a short reply" : "a reply of 500 deltas"}`,
    unit: "×",
    better: "less",
    values: { [contender]: ratios },
    targets: [{ contender, limit }],
  };
}

/** @returns milliseconds of CPU time */
async function cpuPerChat(parley: Parley, kind: VisitorKind, ms: number): Promise<number> {
  const all = Array.from({ length: visitors }, () => kind(parley.origin));
  const before = parley.api.usage().cpuMs;
  const { results } = await closedLoop(all, (visitor) => visitor.chat(), { ms, spreadMs: 200 });
  const { cpuMs } = parley.api.usage();
  await Promise.all(all.map((visitor) => visitor.close()));
  return (cpuMs - before) / results.length;
}

/** Visitor of the AI SDK's door: one request, answered with the stream. */
function uiVisitor(origin: string): BenchVisitor {
  const turns = 8;
  const connection = new HttpConnection(origin);
  let token: string | undefined;
  let sent = 0;
  return {
    async chat() {
      const began = performance.now();
      if (sent++ % turns === 0) token = undefined;
      const part = { type: "text", text: "Hello there, where is my order? I have been waiting for it since Monday." };
      const messages = [{ id: randomUUID(), role: "user", parts: [part] }];
      let text = "";
      let firstDeltaMs: number | undefined;
      const call = {
        method: "POST",
        path: "/api/ui/chat",
        ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
        body: JSON.stringify({ id: "bench", trigger: "submit-message", messages }),
      } as const;
      const status = await connection.stream(call, (chunk) => {
        text += chunk;
        if (firstDeltaMs === undefined && text.includes("text-delta")) firstDeltaMs = performance.now() - began;
      });
      token = /"token":"([^"]+)"/.exec(text)?.[1];
      if (status !== 200 || firstDeltaMs === undefined || !text.includes("[DONE]")) {
        throw new Error(`no reply: ${status} ${text}`);
      }
      return { firstDeltaMs, totalMs: performance.now() - began };
    },
    close: () => connection.destroy(),
  };
}
