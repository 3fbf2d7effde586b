import { resolve } from "node:path";
import { readEnvironment } from "../../shared/config/config.ts";
import { doctor } from "./doctor.ts";

/** Entry point of `npm run doctor`. */
process.exitCode = await doctor(process.argv.slice(2), {
  folder: resolve(".data"),
  environment: readEnvironment,
  write: (text) => process.stdout.write(text),
});
