import { isIP } from "node:net";
import { z } from "zod";
import { DatabaseUrlError, readTlsSettings } from "../postgres/database-url.ts";
import { allNeeds, databaseMissing, poolerNeeds, type Present, splitList } from "./config-needs.ts";
import { withoutForeignSecrets } from "./config-secrets.ts";
import { parseRedisUrl, RedisUrlError } from "../redis/redis-url.ts";

/**
 * The environment, read once at start. This is the only place that touches `process.env`;
 * `.env.example` lists the same keys in the same order.
 */
const environment = z.object({
  PORT: integer(1, 65_535).default(3000),
  NODE_ENV: z.enum(["development", "production", "test"]).default("development"),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),

  DATABASE_URL: databaseUrl().optional(),
  DATABASE_CONNECTIONS: integer(2, 1000).default(20),
  DATABASE_POOLER: z.enum(["none", "transaction"]).default("none"),
  REDIS_URL: redisUrl().optional(),

  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: serviceUrl().default("https://api.openai.com/v1"),
  OPENAI_MODEL: z.string().default("gpt-6.1-terra"),
  OPENAI_ASSISTANT_ID: z.string().optional(),
  ANTHROPIC_API_KEY: z.string().optional(),
  CLAUDE_API_KEY: z.string().optional(),
  ANTHROPIC_BASE_URL: serviceUrl().default("https://api.anthropic.com"),
  ANTHROPIC_MODEL: z.string().default("claude-haiku-5-5"),
  COMPATIBLE_BASE_URL: serviceUrl().optional(),
  COMPATIBLE_API_KEY: z.string().optional(),
  COMPATIBLE_MODEL: z.string().default("default"),
  HTTP_PROXY: url("http:", "https:").optional(),
  HTTPS_PROXY: url("http:", "https:").optional(),
  NO_PROXY: z.string().optional(),

  ADOPT_THREADS: z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true"),

  ALLOWED_ORIGINS: origins().optional(),
  TRUST_PROXY: trustProxy().default(false),
  RATE_LIMIT_WINDOW_MS: integer(1000, 86_400_000).default(900_000),
  RATE_LIMIT_MAX_REQUESTS: integer(1, 100_000_000).default(100),
  RATE_LIMIT_MAX_READS: integer(1, 100_000_000).default(3000),
  RATE_LIMIT_MAX_STREAMS: integer(1, 100_000_000).default(100),
  MAX_CONNECTIONS_PER_ADDRESS: integer(1, 100_000).optional(),
  TOKEN_SECRET: secrets().optional(),
  CONVERSATION_ACCESS: z.enum(["token", "open"]).default("token"),
  IDENTITY_SECRET: secrets().optional(),
  IDENTITY: z.enum(["optional", "required"]).default("optional"),
  CHALLENGE_URL: serviceUrl().optional(),
  CHALLENGE_SECRET: z.string().optional(),
  ADMIN_USER: userName().default("admin"),
  ADMIN_PASSWORD: z.string().min(8, "expected at least 8 characters").optional(),
  ADMIN_READ_USER: userName().default("viewer"),
  ADMIN_READ_PASSWORD: z.string().min(8, "expected at least 8 characters").optional(),
  ADMIN_PORT: integer(1, 65_535).optional(),
  ADMIN_QUEUE_ACTIONS: z.enum(["entries", "all"]).default("entries"),
  METRICS_TOKEN: z.string().min(16, "expected at least 16 characters").optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: serviceUrl().optional(),
  OTEL_TRACES_SAMPLER_ARG: share().default(1),

  WORKER_CONCURRENCY: integer(1, 10_000).default(50),
  WORKER_PORT: integer(1, 65_535).optional(),
  MAX_MESSAGE_CHARS: integer(1, 20_000).default(4000),
  MAX_BACKLOG: integer(1, 100_000_000).default(10_000),
  JOB_DEADLINE_MS: integer(1000, 3_600_000).default(120_000),
  RETENTION_DAYS: integer(1, 36_500).optional(),
});

type Environment = z.output<typeof environment>;

/** Every key, in the order in which the documents list them. */
export const configKeys: readonly string[] = Object.keys(environment.shape);

/** What a part of the product runs on. `DATABASE_URL` is always known here: `npm start` fills it in. */
export type Config = Environment & { DATABASE_URL: string };

export class ConfigError extends Error {
  override name = "ConfigError";
}

/**
 * Reads the environment of an API. Keys of providers are not kept: where they are given, it says that they are there.
 * @throws {ConfigError} as `readConfig`
 */
export function readApiConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return readConfig(withoutForeignSecrets(env, "api"));
}

/**
 * Reads the environment of a worker, without the secrets that guard an API.
 * @throws {ConfigError} as `readConfig`
 */
export function readWorkerConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return withDatabase(
    parse(withoutForeignSecrets(env, "worker"), (present) => [...poolerNeeds(present), ...databaseMissing(present)]),
  );
}

type Stores = Pick<Config, "DATABASE_URL" | "DATABASE_CONNECTIONS" | "DATABASE_POOLER" | "REDIS_URL">;

/**
 * Reads what a command needs that works on the stores alone; all other keys are left unread.
 * @throws {ConfigError} as `readConfig`
 */
export function readStoresConfig(env: NodeJS.ProcessEnv = process.env): Stores {
  const { DATABASE_URL, DATABASE_CONNECTIONS, DATABASE_POOLER, REDIS_URL } = env;
  const stores = { DATABASE_URL, DATABASE_CONNECTIONS, DATABASE_POOLER, REDIS_URL };
  return withDatabase(parse(stores, (present) => [...poolerNeeds(present), ...databaseMissing(present)]));
}

/**
 * Reads what the migrations need.
 * @throws {ConfigError} as `readConfig`
 */
export function readDatabaseConfig(
  env: NodeJS.ProcessEnv = process.env,
): Pick<Config, "DATABASE_URL" | "DATABASE_POOLER"> {
  const { DATABASE_URL, DATABASE_POOLER } = env;
  return withDatabase(parse({ DATABASE_URL, DATABASE_POOLER }, databaseMissing));
}

/**
 * Reads the environment of a process that has everything.
 * @throws {ConfigError} naming every fault at once, without the values (they may be secrets)
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return withDatabase(parse(env, (present) => [...allNeeds(present), ...databaseMissing(present)]));
}

function withDatabase({ DATABASE_URL, ...config }: Environment): Config {
  // Its absence is among the faults.
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
  // Written in small letters by most programs; these win there, too.
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

/** For a part that we start: our own environment, what it needs beside that, and no secret of another part. */
export function childEnvironment(part: string, additions: Record<string, string>): NodeJS.ProcessEnv {
  const env = { ...process.env, ...additions };
  return part === "api" || part === "worker" ? withoutForeignSecrets(env, part) : env;
}

function integer(min: number, max: number) {
  const message = `expected a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, message)
    .transform(Number)
    .refine((n) => n >= min && n <= max, message);
}

/** Of all: 0 is none, 1 is every one. */
function share() {
  const message = "expected a number from 0 to 1";
  return z
    .string()
    .regex(/^\d*\.?\d+$/, message)
    .transform(Number)
    .refine((n) => n <= 1, message);
}

function url(...protocols: string[]) {
  const message = `expected a URL that starts with ${protocols.map((p) => `${p}//`).join(" or ")}`;
  return z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), message);
}

function databaseUrl() {
  return url("postgres:", "postgresql:").superRefine((text, context) => {
    if (URL.canParse(text)) reportUnreadable(() => readTlsSettings(new URL(text)), context);
  });
}

/** Of a service that is called over HTTP. Its key has a setting of its own; in the URL it would be logged, and refused. */
function serviceUrl() {
  return url("http:", "https:").refine((text) => {
    const parsed = URL.parse(text);
    return parsed === null || (parsed.username === "" && parsed.password === "");
  }, "expected a URL without user:password@: the key has a setting of its own");
}

function redisUrl() {
  return z.string().superRefine((text, context) => reportUnreadable(() => parseRedisUrl(text), context));
}

function reportUnreadable(read: () => unknown, context: z.RefinementCtx): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RedisUrlError || error instanceof DatabaseUrlError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
  }
}

/** A wildcard stands for the subdomains of a domain, not for all domains there are. */
const origin = /^[a-z][a-z\d+.-]*:\/\/(\*\.(?=[^/:]*[^/:.]\.|localhost(?![^:])))?[^/?#\s@*]+$/i;

function origins() {
  return z
    .string()
    .transform(splitList)
    .refine(
      (items) => items.every((item) => origin.test(item) && URL.canParse(item)),
      "expected origins like https://www.example.com or https://*.example.com, separated by commas, without a path",
    )
    .transform((items) => items.map(asSentByBrowsers));
}

/** In lower case, without a port that its scheme implies; a scheme that is no browser's own is left as it is. */
function asSentByBrowsers(item: string): string {
  const { origin: sent } = new URL(item);
  return sent === "null" ? item.toLowerCase() : sent;
}

/** Several, while one takes the place of another: the first signs, all verify. */
function secrets() {
  return z
    .string()
    .transform(splitList)
    .refine(
      (items): items is [string, ...string[]] => items.length > 0 && items.every((item) => item.length >= 32),
      "expected at least 32 characters, or several such secrets separated by commas",
    );
}

/** Basic credentials end a user's name at the first colon. */
function userName() {
  return z.string().regex(/^[^:]+$/, "expected a name without a colon");
}

/** Express' `trust proxy`: a hop count, `true`/`false`, or addresses, subnets and its names for some of them. */
function trustProxy() {
  return z
    .string()
    .refine(
      (text) => /^(true|false|\d+)$/.test(text) || splitList(text).every(isProxy),
      "expected true, false, a number of hops, or addresses and subnets, separated by commas",
    )
    .transform((text) => {
      if (text === "true" || text === "false") return text === "true";
      return /^\d+$/.test(text) ? Number(text) : text;
    });
}

function isProxy(text: string): boolean {
  if (["loopback", "linklocal", "uniquelocal"].includes(text)) return true;
  const [address = "", bits = "0", ...rest] = text.split("/");
  const family = isIP(address);
  return family !== 0 && /^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128) && rest.length === 0;
}
