import { ConfigError } from "../../shared/config/config.ts";
import { checkConfiguration, type DoctorEnvironment } from "./check-configuration.ts";
import { checkKeys } from "./check-keys.ts";
import { checkPostgres } from "./check-postgres.ts";
import { count, type Finding, fault, ok, print, type Section } from "./findings.ts";
import { findDatabase } from "./find-database.ts";
import { useProxies } from "../../shared/config/proxy-environment.ts";
import { hideSecrets } from "./hide-secrets.ts";

interface DoctorOptions {
  /** The data folder of `npm start`. */
  folder: string;
  /** @throws {ConfigError} */
  environment: () => DoctorEnvironment;
  write: (text: string) => void;
}

const usage = `Usage:
  npm run doctor              check configuration, stores and clocks, and say how to fix problems
  npm run doctor -- --keys    also check each provider's key, with one request
`;

/**
 * Checks everything an installation depends on, and changes nothing.
 * @returns the exit code: 0 without a fault, 1 with one, 2 for unknown arguments
 */
export async function doctor(args: readonly string[], options: DoctorOptions): Promise<number> {
  const { folder, write } = options;
  if (args.some((arg) => arg !== "--keys")) {
    write(usage);
    return 2;
  }
  try {
    const environment = options.environment();
    useProxies(environment);
    const sections = await examine(environment, { folder, keys: args.includes("--keys") });
    write(hideSecrets(print(sections), environment));
    return count(sections, "fault") === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    write(print([{ title: "Configuration", findings: [fault(error.message, "correct the environment or .env")] }]));
    return 1;
  }
}

async function examine(
  environment: DoctorEnvironment,
  { folder, keys }: { folder: string; keys: boolean },
): Promise<Section[]> {
  const { findings, assistants } = await checkConfiguration(environment);
  const { REDIS_URL: redisUrl } = environment;
  const [postgres, redis, providers] = await Promise.all([
    examinePostgres(environment, folder),
    redisUrl === undefined ? undefined : examineRedis(redisUrl, environment),
    keys && assistants ? checkKeys({ ...environment, DATABASE_URL: "" }, assistants) : undefined,
  ]);
  return [
    { title: "Configuration", findings },
    { title: "PostgreSQL", findings: postgres },
    { title: "Redis", findings: redis ?? [ok("not used: the queue, drafts and live hints are on PostgreSQL")] },
    ...(providers ? [{ title: "Keys", findings: providers }] : []),
  ];
}

async function examinePostgres(environment: DoctorEnvironment, folder: string): Promise<Finding[]> {
  const { findings, url, close } = await findDatabase(environment.DATABASE_URL, folder);
  try {
    if (url === undefined) return findings;
    return [
      ...findings,
      ...(await checkPostgres(url, { ...environment, onRedis: environment.REDIS_URL !== undefined })),
    ];
  } finally {
    await close();
  }
}

/** Loaded only if Redis is configured. */
async function examineRedis(url: string, { DATABASE_URL }: DoctorEnvironment): Promise<Finding[]> {
  const { checkRedis } = await import("./check-redis.ts");
  return checkRedis(url, DATABASE_URL ?? "");
}
