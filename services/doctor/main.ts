import { resolve } from "node:path";
import { readValidEnvironment } from "../../shared/config/config.ts";
import { doctor } from "./doctor.ts";

/** Entry point of `npm run doctor`. */
process.exitCode = await doctor(process.argv.slice(2), {
  folder: resolve(".data"),
  environment: readValidEnvironment,
  write: (text) => process.stdout.write(text),
});
