import { bench } from "./command.ts";
import { BenchOptionsError } from "./options.ts";

try {
  process.exitCode = await bench(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BenchOptionsError)) throw error;
  console.error(`${error.message}\nnpm run bench -- --help shows the options.`);
  process.exitCode = 2;
}
