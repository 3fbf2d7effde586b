import type { Assistants } from "../../shared/assistants/assistants.ts";
import { readNamedSecrets, type readValidEnvironment } from "../../shared/config/config.ts";
import { describeError } from "../../shared/describe-error.ts";
import { checkConfiguration, type DoctorEnvironment } from "./check-configuration.ts";
import { checkEmbeddings } from "./check-embeddings.ts";
import { checkKeys } from "./check-keys.ts";
import { checkPostgres } from "./check-postgres.ts";
import { count, type Finding, fault, note, ok, print, type Section } from "./findings.ts";
import { findDatabase } from "./find-database.ts";
import { useProxies } from "../../shared/config/proxy-environment.ts";
import { hideSecrets } from "./hide-secrets.ts";

interface DoctorOptions {
  /** The data folder of `npm start`. */
  folder: string;
  environment: () => ReturnType<typeof readValidEnvironment>;
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
  const found = options.environment();
  useProxies(found.environment);
  const sections = await examine(found, { folder, keys: args.includes("--keys") });
  write(hideSecrets(print(sections), found.environment));
  return count(sections, "fault") === 0 ? 0 : 1;
}

/** Examines each part, whatever is wrong with the others. */
async function examine(
  { environment, fault: ofEnvironment, faulty }: ReturnType<typeof readValidEnvironment>,
  { folder, keys }: { folder: string; keys: boolean },
): Promise<Section[]> {
  const { findings, assistants } = await checkConfiguration(environment, ofEnvironment);
  const { REDIS_URL: redisUrl, SMTP_URL: smtpUrl } = environment;
  const unused = [ok("not used: the queue, drafts and live hints are on PostgreSQL")];
  const hasTools = [...assistants.values()].some(({ tools = [] }) => tools.length > 0);
  const [postgres, redis, mail, tools, providers] = await Promise.all([
    faulty.has("DATABASE_URL") ? notChecked("DATABASE_URL") : goOn(examinePostgres(environment, folder)),
    faulty.has("REDIS_URL")
      ? notChecked("REDIS_URL")
      : redisUrl === undefined
        ? unused
        : goOn(examineRedis(redisUrl, environment)),
    faulty.has("SMTP_URL") ? notChecked("SMTP_URL") : smtpUrl === undefined ? undefined : goOn(examineMail(smtpUrl)),
    hasTools ? goOn(examineTools(assistants, environment)) : undefined,
    keys ? goOn(checkEndpoints({ ...environment, DATABASE_URL: "" }, assistants)) : undefined,
  ]);
  return [
    { title: "Configuration", findings },
    { title: "PostgreSQL", findings: postgres },
    { title: "Redis", findings: redis },
    ...(mail ? [{ title: "Mail", findings: mail }] : []),
    ...(tools ? [{ title: "Tools", findings: tools }] : []),
    ...(providers ? [{ title: "Keys", findings: providers }] : []),
  ];
}

async function checkEndpoints(...[config, assistants]: Parameters<typeof checkKeys>): Promise<Finding[]> {
  return [...(await checkKeys(config, assistants)), ...(await checkEmbeddings(config))];
}

/** Turns an error of a check into a fault, so that the other checks are shown. */
async function goOn(checking: Promise<Finding[]>): Promise<Finding[]> {
  return checking.catch((error: unknown) => [fault(`the check failed: ${describeError(error)}`)]);
}

function notChecked(key: string): Finding[] {
  return [note(`not checked, because ${key} is faulty`)];
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

/** Loaded only if there are tools. */
async function examineTools(assistants: Assistants, settings: DoctorEnvironment): Promise<Finding[]> {
  const { checkTools } = await import("./check-tools.ts");
  return checkTools(assistants, { settings, secrets: readNamedSecrets() });
}

/** Loaded only if there is a mail server. */
async function examineMail(url: string): Promise<Finding[]> {
  const { checkMail } = await import("./check-mail.ts");
  return checkMail(url);
}

/** Loaded only if Redis is configured. */
async function examineRedis(url: string, { DATABASE_URL }: DoctorEnvironment): Promise<Finding[]> {
  const { checkRedis } = await import("./check-redis.ts");
  return checkRedis(url, DATABASE_URL ?? "");
}
