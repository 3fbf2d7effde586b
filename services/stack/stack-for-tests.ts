import { basename } from "node:path";
import pg from "pg";
import { readEnvironment } from "../../shared/config/config.ts";
import { createLogger } from "../../shared/logger.ts";
import { listenForEnd } from "./ending.ts";
import { runStack } from "./stack.ts";

/**
 * The stack with other parts and another data folder, so that a test can send it signals: `node stack-for-tests.ts
 * <folder> <script of a part> …`. Its environment is that of `npm start`.
 */
const [, , folder = "", ...scripts] = process.argv;
const environment = readEnvironment();
const log = await createLogger({ service: "parley", level: environment.LOG_LEVEL, pretty: false });

process.exit(
  await runStack({
    environment,
    folder,
    parts: scripts.map((script) => ({ name: basename(script, ".mjs"), script })),
    loadMigrate: async () => connect,
    ending: listenForEnd(log),
    log,
    print: (text) => process.stdout.write(text),
  }),
);

/** Replaces the migrations: these parts need no tables. */
async function connect(databaseUrl: string): Promise<{ applied: string[] }> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.end();
  return { applied: [] };
}
