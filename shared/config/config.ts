import { z } from "zod";
import { allNeeds, databaseMissing, poolerNeeds, type Present } from "./config-needs.ts";
import { withoutForeignSecrets } from "./config-secrets.ts";
import { settingGroups } from "./settings.ts";

/**
 * The environment, read once at start. Only this module reads `process.env`. `settings.ts` describes each key;
 * `docs/configuration.md` and `.env.example` are written from it.
 */
const environment = z.object({
  ...settingGroups.Process,
  ...settingGroups.Stores,
  ...settingGroups.Providers,
  ...settingGroups["Clients and request limits"],
  ...settingGroups["Visitors and conversations"],
  ...settingGroups.Operators,
  ...settingGroups["Messages and workers"],
});

type Environment = z.output<typeof environment>;

/** Every key, in the order in which the documents list them. */
export const configKeys: readonly string[] = Object.keys(environment.shape);

/** Configuration of a part of the product. `DATABASE_URL` is always set here: `npm start` fills it in. */
export type Config = Environment & { DATABASE_URL: string };

export class ConfigError extends Error {
  override name = "ConfigError";
}

/**
 * Reads the environment of an API. Provider keys are not kept, only whether they are set.
 * @throws {ConfigError} as `readConfig`
 */
export function readApiConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return readConfig(withoutForeignSecrets(env, "api"));
}

/**
 * Reads the environment of a worker, without the secrets that protect an API.
 * @throws {ConfigError} as `readConfig`
 */
export function readWorkerConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return withDatabase(
    parse(withoutForeignSecrets(env, "worker"), (present) => [...poolerNeeds(present), ...databaseMissing(present)]),
  );
}

type Stores = Pick<Config, "DATABASE_URL" | "DATABASE_CONNECTIONS" | "DATABASE_POOLER" | "REDIS_URL">;

/**
 * Reads the settings of a command that only uses the stores; all other keys are ignored.
 * @throws {ConfigError} as `readConfig`
 */
export function readStoresConfig(env: NodeJS.ProcessEnv = process.env): Stores {
  const { DATABASE_URL, DATABASE_CONNECTIONS, DATABASE_POOLER, REDIS_URL } = env;
  const stores = { DATABASE_URL, DATABASE_CONNECTIONS, DATABASE_POOLER, REDIS_URL };
  return withDatabase(parse(stores, (present) => [...poolerNeeds(present), ...databaseMissing(present)]));
}

/**
 * Reads the settings of the migrations.
 * @throws {ConfigError} as `readConfig`
 */
export function readDatabaseConfig(
  env: NodeJS.ProcessEnv = process.env,
): Pick<Config, "DATABASE_URL" | "DATABASE_POOLER"> {
  const { DATABASE_URL, DATABASE_POOLER } = env;
  return withDatabase(parse({ DATABASE_URL, DATABASE_POOLER }, databaseMissing));
}

/**
 * Reads the environment of a process that runs all parts.
 * @throws {ConfigError} naming every fault at once, without the values (they may be secrets)
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return withDatabase(parse(env, (present) => [...allNeeds(present), ...databaseMissing(present)]));
}

function withDatabase({ DATABASE_URL, ...config }: Environment): Config {
  // `parse` has already reported its absence.
  if (DATABASE_URL === undefined) throw new ConfigError("DATABASE_URL is not set");
  return { ...config, DATABASE_URL };
}

/**
 * Reads the environment for `npm start`, where PostgreSQL may be embedded.
 * @throws {ConfigError} as `readConfig`
 */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  return parse(env, allNeeds);
}

/** @param check finds faults that no single value has */
function parse(env: NodeJS.ProcessEnv, check: (present: Present) => string[]): Environment {
  // `KEY=` in an env file means "not set".
  const present: Present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  // Most programs write these in lower case; here, too, the lower-case name takes precedence.
  for (const key of ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]) {
    const value = present[key.toLowerCase()];
    if (value !== undefined) present[key] = value;
  }
  const parsed = environment.safeParse(present);
  const issues = parsed.success ? [] : parsed.error.issues;
  const faults = [...issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`), ...check(present)];
  if (parsed.success && faults.length === 0) return parsed.data;
  throw new ConfigError(`The environment has ${faults.length} fault(s):\n${faults.map((f) => `  ${f}`).join("\n")}`);
}

/** Environment of a part that we start: our own, its additions, and no secret of another part. */
export function childEnvironment(part: string, additions: Record<string, string>): NodeJS.ProcessEnv {
  const env = { ...process.env, ...additions };
  return part === "api" || part === "worker" ? withoutForeignSecrets(env, part) : env;
}
