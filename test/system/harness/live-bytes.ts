import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
let times = 0;

// Preloaded into a process of the product: what it really holds, when it is asked.
process.on("SIGUSR2", () => {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  times += 1;
  process.stdout.write(`live bytes, time ${times}: ${heapUsed + external}\n`);
});
