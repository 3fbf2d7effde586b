import { resolve } from "node:path";
import { ConfigError, readEnvironment } from "../../shared/config/config.ts";
import { createLogger } from "../../shared/logger.ts";
import { listenForEnd } from "./ending.ts";
import type { Part } from "./part.ts";
import { runStack } from "./stack.ts";

const parts: Part[] = ["api", "worker", "knowledge"].map((name) => ({
  name,
  script: resolve("services", name, "main.ts"),
}));

/**
 * Entry point of `npm start`.
 * @returns the exit code
 */
export async function main(): Promise<number> {
  try {
    const environment = readEnvironment();
    const pretty = environment.NODE_ENV === "development";
    const folder = resolve(".data");
    const log = await createLogger({ service: "parley", level: environment.LOG_LEVEL, pretty });
    return await runStack({
      environment,
      folder,
      parts,
      loadMigrate: async () => (await import("../../shared/db/schema/migrate.ts")).migrate,
      addDemo: async (databaseUrl, url, lifecycle) => {
        const [{ addDemoKnowledge }, { openDemoShop }] = await Promise.all([
          import("./demo/demo-knowledge.ts"),
          import("./demo/demo-shop.ts"),
        ]);
        await addDemoKnowledge(databaseUrl, url, log);
        return openDemoShop(folder, { lifecycle, log });
      },
      makeSignInLink: async (databaseUrl, base) => {
        const { makeSignInLink } = await import("./sign-in-link.ts");
        return makeSignInLink(databaseUrl, base, log);
      },
      ending: listenForEnd(log),
      log,
      print: (text) => process.stdout.write(text),
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}
