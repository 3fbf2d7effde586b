import { BenchOptionsError } from "../options.ts";
import { recommendWorkers } from "./recommend-workers.ts";
import { simulationHelp, readSimulationOptions } from "./options.ts";

try {
  const question = readSimulationOptions(process.argv.slice(2));
  console.log(question === "help" ? simulationHelp : recommendWorkers(question));
} catch (error) {
  if (!(error instanceof BenchOptionsError)) throw error;
  console.error(`${error.message}\nnpm run simulate -- --help shows the options.`);
  process.exitCode = 2;
}
