import { resolve } from "node:path";
import { ConfigError, readStoresEnvironment } from "../../shared/config/config.ts";
import { describeError } from "../../shared/describe-error.ts";
import { openInstallationDatabase } from "../../shared/embedded-postgres/installation-database.ts";

export type Stores = ReturnType<typeof readStoresEnvironment> & { DATABASE_URL: string };
/** @returns the exit code */
export type Command = (stores: Stores) => Promise<number>;

/**
 * Runs a command of an operator, and reports what went wrong.
 * @param command a string if the arguments are wrong: what is wrong with them
 * @returns the exit code
 */
export function runCommand(command: Command | string, usage: string): Promise<number> {
  return runAlone(typeof command === "string" ? command : () => withDatabase(command), usage);
}

/** Like {@link runCommand}, for a command that needs no database. */
export async function runAlone(command: (() => Promise<number>) | string, usage: string): Promise<number> {
  if (typeof command === "string") {
    process.stderr.write(`${command}${usage}`);
    return 2;
  }
  try {
    return await command();
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : describeError(error)}\n`);
    return 1;
  }
}

/** Runs a command with the installation's database, started for that time if it is embedded and not running. */
async function withDatabase(command: Command): Promise<number> {
  const stores = readStoresEnvironment();
  const { url, dataDir, close } = await openInstallationDatabase(stores.DATABASE_URL, resolve(".data"));
  try {
    if (url !== undefined) return await command({ ...stores, DATABASE_URL: url });
    process.stderr.write(`There is no database: DATABASE_URL is not set, and npm start has made none in ${dataDir}.\n`);
    return 1;
  } finally {
    await close();
  }
}
