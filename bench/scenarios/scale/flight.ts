import { setTimeout as sleep } from "node:timers/promises";
import { makeVisitors, parleyVisitor } from "../../clients/visitors.ts";
import type { Figure } from "../../figure.ts";
import { percentile } from "../../statistics.ts";
import type { Scenario } from "../../scenario.ts";
import { startParley } from "../../testbed/parley.ts";

const chats = 5000;
const arrivalsPerSecond = 250;
/** Pace of a reply of 20 seconds. */
const pace = { firstMs: 400, interMs: 400, tokens: 50 };
const lookEveryMs = 1000;

export const flightScenario: Scenario = {
  name: "flight",
  about: "5,000 chats of 20 seconds in flight, 250 new ones a second, one API and one worker",
  needsRedis: true,
  fullOnlySeconds: 60,
  async run(bench) {
    const { testbed } = bench;
    await using parley = await startParley(testbed, { backend: "redis" });
    await testbed.provider.pace(pace);
    const visitors = makeVisitors(parleyVisitor, parley.origin, chats);
    const took: number[] = [];
    const lost: unknown[] = [];
    let memoryMb = 0;
    const looking = setInterval(() => {
      memoryMb = Math.max(memoryMb, parley.usage().memoryMb);
    }, lookEveryMs);
    const began = performance.now();
    await Promise.all(
      visitors.map(async (visitor, place) => {
        await sleep(Math.max(0, began + (place * 1000) / arrivalsPerSecond - performance.now()));
        await visitor.chat().then(
          ({ totalMs }) => took.push(totalMs),
          (error) => void lost.push(error),
        );
      }),
    );
    clearInterval(looking);
    if (lost.length > 0) bench.say(`  lost: ${describeReasons(lost)}`);
    await Promise.all(visitors.map((visitor) => visitor.close()));
    const overhead = percentile(took, 0.5) - pace.firstMs - pace.interMs * (pace.tokens - 1);
    return [
      figure("lost", { what: "chats without a reply, of 5,000 in flight", unit: "", value: lost.length, limit: 0 }),
      figure("overhead", { what: "added time to a whole chat, p50", unit: "ms", value: overhead, limit: 25 }),
      figure("memory", { what: "peak memory of API and worker together", unit: "MB", value: memoryMb, limit: 700 }),
    ];
  },
};

/** Counts equal errors, without the parts that differ from chat to chat. */
function describeReasons(errors: readonly unknown[]): string {
  const shownChars = 160;
  const reasons = errors.map((error) =>
    String(error)
      .replaceAll(/[\da-f]{4,}(-[\da-f]+)*/g, "…")
      .slice(-shownChars),
  );
  return [...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => `${all.length} × ${reason}`).join("\n");
}

function figure(
  id: string,
  { what, unit, value, limit }: { what: string; unit: string; value: number; limit: number },
): Figure {
  return {
    id: `flight/${id}`,
    what,
    unit,
    better: "less",
    values: { parley: [value] },
    targets: [{ contender: "parley", limit }],
  };
}
