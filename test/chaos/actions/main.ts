import { parseArgs } from "node:util";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import { runActions } from "./run-actions.ts";

const usage = "npm run chaos:actions -- [--count 1000] [--seed 19] [--backend redis|postgres|both]";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "1000" },
    seed: { type: "string", default: "19" },
    backend: { type: "string", default: "both" },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
const backends = (["postgres", "redis"] as const).filter((each) => ["both", each].includes(values.backend));
if (!(count > 0) || !Number.isInteger(seed) || backends.length === 0) {
  console.error(usage);
  process.exit(2);
}
if (values.backend !== "postgres" && !redisAvailable) {
  console.error("redis-server is not installed: install it, or use --backend postgres");
  process.exit(2);
}

let broken = false;
for (const backend of backends) {
  const { faults, summary, unknown, folder } = await runActions({ backend, seed, count });
  console.log(`${backend}, seed ${seed}: ${summary}\n${unknown.join("\n")}`);
  for (const fault of faults) console.log(`BROKEN ${fault}`);
  console.log(faults.length === 0 ? "held: each change once, or told as unknown" : `Logs: ${folder}`);
  broken ||= faults.length > 0;
}
process.exit(broken ? 1 : 0);
