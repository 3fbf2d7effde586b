import { z } from "zod";
import { allNeeds, databaseMissing, embeddingNeeds, partNeeds, poolerNeeds, type Present } from "./config-needs.ts";
import { withoutForeignSecrets } from "./config-secrets.ts";
import { NamedSecrets } from "./named-secrets.ts";
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
  ...settingGroups.Mail,
  ...settingGroups["Pages of your site"],
  ...settingGroups.Embeddings,
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
  return withDatabase(parse(withoutForeignSecrets(env, "worker"), partNeeds));
}

/**
 * Reads the environment of a process that reads sources of knowledge, without the secrets of the other parts.
 * @throws {ConfigError} as `readConfig`
 */
export function readKnowledgeConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return withDatabase(parse(withoutForeignSecrets(env, "knowledge"), partNeeds));
}

type Stores = Pick<Environment, "DATABASE_URL" | "DATABASE_CONNECTIONS" | "DATABASE_POOLER" | "REDIS_URL">;

/**
 * Reads the settings of a command that only uses the stores, where PostgreSQL may be embedded; all other keys are
 * ignored.
 * @throws {ConfigError} as `readConfig`
 */
export function readStoresEnvironment(env: NodeJS.ProcessEnv = process.env): Stores {
  const { DATABASE_URL, DATABASE_CONNECTIONS, DATABASE_POOLER, REDIS_URL } = env;
  return parse({ DATABASE_URL, DATABASE_CONNECTIONS, DATABASE_POOLER, REDIS_URL }, poolerNeeds);
}

/**
 * Reads the secrets that tools name, `SECRET_<NAME>`. They are no part of a {@link Config}, which is logged and passed on.
 * @throws {ConfigError} as `readConfig`
 */
export function readNamedSecrets(env: NodeJS.ProcessEnv = process.env): NamedSecrets {
  const { secrets, faults } = NamedSecrets.from(env);
  if (faults.length > 0) throw faultyEnvironment(faults);
  return secrets;
}

const embeddings = z.object(settingGroups.Embeddings);
const fetching = z.object(settingGroups["Pages of your site"]);

/**
 * Reads the settings of a command that fetches; all other keys are ignored.
 * @throws {ConfigError} as `readConfig`
 */
export function readFetchSettings(
  env: NodeJS.ProcessEnv = process.env,
): Pick<Environment, keyof z.output<typeof fetching>> {
  return parse(Object.fromEntries(Object.keys(fetching.shape).map((key) => [key, env[key]])), () => []);
}

/**
 * Reads the settings of a command that searches, and of its proxies; all other keys are ignored.
 * @throws {ConfigError} as `readConfig`
 */
export function readEmbeddingSettings(
  env: NodeJS.ProcessEnv = process.env,
): Pick<Environment, keyof z.output<typeof embeddings> | "HTTP_PROXY" | "HTTPS_PROXY" | "NO_PROXY"> {
  const keys = [...Object.keys(embeddings.shape), ...proxyKeys, ...proxyKeys.map((key) => key.toLowerCase())];
  return parse(Object.fromEntries(keys.map((key) => [key, env[key]])), embeddingNeeds);
}

/**
 * Reads where the console is, for the links that a command prints; all other keys are ignored.
 * @throws {ConfigError} as `readConfig`
 */
export function readConsoleAddress(env: NodeJS.ProcessEnv = process.env): string {
  const { CONSOLE_URL, ADMIN_PORT, PORT } = env;
  const settings = parse({ CONSOLE_URL, ADMIN_PORT, PORT }, () => []);
  return settings.CONSOLE_URL ?? `http://localhost:${settings.ADMIN_PORT ?? settings.PORT}`;
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

/**
 * Reads as much of the environment as is valid, for checks that go on after a fault: a faulty key counts as not set.
 * @returns also the fault, and the keys that have one of their own
 */
export function readValidEnvironment(env: NodeJS.ProcessEnv = process.env): {
  environment: Environment;
  fault: ConfigError | undefined;
  faulty: ReadonlySet<string>;
} {
  try {
    return { environment: readEnvironment(env), fault: undefined, faulty: new Set() };
  } catch (fault) {
    if (!(fault instanceof ConfigError)) throw fault;
    const { error } = environment.safeParse(presentOf(env));
    const faulty = new Set(error?.issues.map(({ path }) => String(path[0])));
    const rest = Object.entries(env).filter(([key]) => !faulty.has(key) && !faulty.has(key.toUpperCase()));
    return { environment: parse(Object.fromEntries(rest), () => []), fault, faulty };
  }
}

const proxyKeys = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

/** @param check finds faults that no single value has */
function parse(env: NodeJS.ProcessEnv, check: (present: Present) => string[]): Environment {
  const present = presentOf(env);
  const parsed = environment.safeParse(present);
  const issues = parsed.success ? [] : parsed.error.issues;
  const faults = [...issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`), ...check(present)];
  if (parsed.success && faults.length === 0) return parsed.data;
  throw faultyEnvironment(faults);
}

function faultyEnvironment(faults: readonly string[]): ConfigError {
  return new ConfigError(`The environment has ${faults.length} fault(s):\n${faults.map((f) => `  ${f}`).join("\n")}`);
}

function presentOf(env: NodeJS.ProcessEnv): Present {
  // `KEY=` in an env file means "not set".
  const present: Present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  // Most programs write these in lower case; here, too, the lower-case name takes precedence.
  for (const key of proxyKeys) {
    const value = present[key.toLowerCase()];
    if (value !== undefined) present[key] = value;
  }
  return present;
}

/** Environment of a part that we start: our own, its additions, and no secret of another part. */
export function childEnvironment(part: string, additions: Record<string, string>): NodeJS.ProcessEnv {
  const env = { ...process.env, ...additions };
  return part === "api" || part === "worker" || part === "knowledge" ? withoutForeignSecrets(env, part) : env;
}
