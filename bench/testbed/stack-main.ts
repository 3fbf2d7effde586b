import { enableCompileCache } from "node:module";
import { resolve } from "node:path";

/**
 * `npm start` unchanged, on a data folder of its own: `stack-main.ts <folder>`. Reports when everything is ready; the
 * parent process measures the time.
 */
enableCompileCache();
const [{ readEnvironment }, { createLogger }, { listenForEnd }, { runStack }] = await Promise.all([
  import("../../shared/config/config.ts"),
  import("../../shared/logger.ts"),
  import("../../services/stack/ending.ts"),
  import("../../services/stack/stack.ts"),
]);
const environment = readEnvironment();
const log = await createLogger({ service: "parley", level: environment.LOG_LEVEL, pretty: true });

process.exit(
  await runStack({
    environment,
    folder: process.argv[2] ?? "",
    parts: ["api", "worker"].map((name) => ({ name, script: resolve("services", name, "main.ts") })),
    loadMigrate: async () => (await import("../../shared/db/schema/migrate.ts")).migrate,
    ending: listenForEnd(log),
    log,
    // The banner is printed when all parts are ready.
    print: () => process.send?.("ready"),
  }),
);
