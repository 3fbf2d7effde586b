import { parseArgs } from "node:util";
import { redisAvailable } from "../../shared/testing/stores/redis.ts";
import type { ChaosBackend } from "./fault-plan.ts";
import { describeChaosRun } from "./report.ts";
import { runChaos } from "./run.ts";

const usage =
  "npm run chaos -- [--minutes 3] [--seed 7] [--backend redis|postgres|both|cluster|sentinel] [--soak 4000]";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    seed: { type: "string", default: "7" },
    backend: { type: "string", default: "both" },
    soak: { type: "string", default: "4000" },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const soakChats = Number(values.soak);
const backends: Record<string, ChaosBackend[]> = {
  both: ["postgres", "redis"],
  postgres: ["postgres"],
  redis: ["redis"],
  cluster: ["cluster"],
  sentinel: ["sentinel"],
};
const chosen = backends[values.backend];
if (!(minutes > 0) || !Number.isInteger(seed) || !Number.isInteger(soakChats) || chosen === undefined) {
  console.error(usage);
  process.exit(2);
}
if (values.backend !== "postgres" && !redisAvailable) {
  console.error("redis-server is not installed: install it, or use --backend postgres");
  process.exit(2);
}

let broken = false;
for (const backend of chosen) {
  const run = await runChaos({ backend, seed, minutes, soakChats, say: console.log });
  console.log(describeChaosRun(run));
  broken ||= run.results.some(({ breaches }) => breaches.length > 0);
}
process.exit(broken ? 1 : 0);
