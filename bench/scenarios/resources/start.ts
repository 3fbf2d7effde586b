import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Figure } from "../../figure.ts";
import { interleave } from "../../interleave.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { installSizeMb } from "../../testbed/install-size.ts";
import { startParley } from "../../testbed/parley.ts";

const settleMs = 1500;

export const startScenario: Scenario = {
  name: "start",
  about:
    "`npm start` until ready, the first and the second time; memory of the processes at boot; size of the installed packages",
  async run(bench) {
    const cold: number[] = [];
    const warm: number[] = [];
    for (let round = 0; round < bench.rounds; round++) {
      const times = await startTwice(bench);
      cold.push(times.cold);
      warm.push(times.warm);
    }
    return [
      {
        id: "start/cold",
        what: "npm start until ready, first time",
        unit: "s",
        better: "less",
        values: { parleyPg: cold },
        targets: [{ contender: "parleyPg", limit: 5 }],
      },
      {
        id: "start/warm",
        what: "npm start until ready, second time",
        unit: "s",
        better: "less",
        values: { parleyPg: warm },
        targets: [{ contender: "parleyPg", limit: 2 }],
      },
      ...(bench.testbed.hasRedis ? await memoryAtBoot(bench) : []),
      await installSize(),
    ];
  },
};

/** Starts on a new folder, so that the first start finds neither data nor compiled code. */
async function startTwice({ testbed }: Bench): Promise<{ cold: number; warm: number }> {
  const folder = await mkdtemp(join(testbed.folder, "start-"));
  const once = async () => {
    const began = performance.now();
    const { child } = await testbed.startServer({
      name: "npm-start",
      script: "bench/testbed/stack-main.ts",
      args: [folder],
      env: { NODE_COMPILE_CACHE: join(folder, "compiled"), LOG_LEVEL: "warn" },
    });
    const seconds = (performance.now() - began) / 1000;
    await child.stop();
    return seconds;
  };
  const cold = await once();
  const warm = await once();
  await rm(folder, { recursive: true, force: true });
  return { cold, warm };
}

async function memoryAtBoot(bench: Bench): Promise<Figure[]> {
  const boot = async () => {
    await using parley = await startParley(bench.testbed, { backend: "redis" });
    await sleep(settleMs);
    const api = parley.api.usage().memoryMb;
    return { api, worker: parley.usage().memoryMb - api };
  };
  const { parley = [] } = await interleave({ parley: boot }, bench.rounds);
  const figure = (part: "api" | "worker", limit: number): Figure => ({
    id: `start/memory/${part}`,
    what: `memory at boot, ${part}`,
    unit: "MB",
    better: "less",
    values: { parley: parley.map((round) => round[part]) },
    targets: [{ contender: "parley", limit }],
  });
  return [figure("api", 150), figure("worker", 140)];
}

async function installSize(): Promise<Figure> {
  return {
    id: "start/installed",
    what: "disk space of npm ci --omit=dev",
    unit: "MB",
    better: "less",
    values: { parley: [await installSizeMb()] },
  };
}
