import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
let times = 0;

// Preload for a process of the product: reports its live memory on request.
process.on("SIGUSR2", () => {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  times += 1;
  process.stdout.write(`live bytes, time ${times}: ${heapUsed + external}\n`);
});
