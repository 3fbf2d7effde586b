import {
  heapProbeOption,
  maxBytesPerChat,
  maxGrowth,
  soak as soakProcesses,
  type SoakedHeap,
} from "../../../test/soak/soak.ts";
import { SoakVisitor } from "../../../test/soak/soak-visitor.ts";
import type { Contender, Figure } from "../../figure.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { startParley } from "../../testbed/parley.ts";
import { noDelay } from "../../testbed/provider.ts";

const chats = 20_000;
const clients = 32;

export const soakScenario: Scenario = {
  name: "soak",
  about: "memory retained by API and worker after 20,000 chats, including cut streams and waiting requests",
  fullOnlySeconds: 240,
  async run(bench) {
    const heaps: Partial<Record<Contender, SoakedHeap[]>> = {};
    if (bench.testbed.hasRedis) heaps.parley = await soakOne(bench, "redis");
    heaps.parleyPg = await soakOne(bench, "postgres");
    return ["api", "worker"].flatMap((name) => describe(name, heaps));
  },
};

async function soakOne(bench: Bench, backend: "redis" | "postgres"): Promise<SoakedHeap[]> {
  const env = { NODE_OPTIONS: `--max-semi-space-size=16 ${heapProbeOption}` };
  await using parley = await startParley(bench.testbed, { backend, env });
  await bench.testbed.provider.pace(noDelay);
  const visitors = Array.from({ length: clients }, () => new SoakVisitor(parley.origin));
  const heaps = await soakProcesses({
    chats,
    visitors,
    processes: [parley.api, ...parley.workers].map((child) => ({
      name: child.name,
      heapBytes: async () => (await child.ask<{ heapBytes: number }>({ probe: "heap" })).heapBytes,
    })),
  });
  for (const { name, quarters } of heaps)
    bench.say(`  ${backend}, ${name}: ${quarters.map((bytes) => (bytes / 1e6).toFixed(1)).join(", ")} MB`);
  return heaps;
}

function describe(name: string, heaps: Partial<Record<Contender, SoakedHeap[]>>): Figure[] {
  type Picked = { what: string; unit: string; pick: (heap: SoakedHeap) => number; limit: number };
  const figure = (id: string, { what, unit, pick, limit }: Picked) => ({
    id: `soak/${name}/${id}`,
    what: `${name}: ${what}`,
    unit,
    better: "less" as const,
    values: Object.fromEntries(
      Object.entries(heaps).map(([contender, all]) => [contender, all.filter((heap) => heap.name === name).map(pick)]),
    ),
    targets: (["parley", "parleyPg"] as const).map((contender) => ({ contender, limit })),
  });
  return [
    figure("growth", {
      what: "heap after the last quarter divided by the second",
      unit: "×",
      pick: ({ growth }) => growth,
      limit: maxGrowth,
    }),
    figure("chat", {
      what: "heap retained per chat",
      unit: "bytes",
      pick: ({ bytesPerChat }) => bytesPerChat,
      limit: maxBytesPerChat,
    }),
  ];
}
