import { randomBytes } from "node:crypto";
import { join, relative } from "node:path";
import { childEnvironment, type readEnvironment } from "../../shared/config/config.ts";
import { describeOrigins } from "../../shared/config/describe-origins.ts";
import { describeError } from "../../shared/describe-error.ts";
import { startEmbeddedPostgres } from "../../shared/embedded-postgres/embedded-postgres.ts";
import { EmbeddedPostgresError } from "../../shared/embedded-postgres/embedded-postgres-error.ts";
import { Lifecycle } from "../../shared/process/lifecycle.ts";
import type { Logger } from "../../shared/logger.ts";
import { banner } from "./banner.ts";
import type { Ending } from "./ending.ts";
import { type Part, rejectWhen, startPart } from "./part.ts";
import { takePlace } from "./place.ts";
import { findFreePortAfter, requireFreePort } from "./port.ts";
import { StackError } from "./stack-error.ts";
import { Supervised } from "./supervised.ts";
import { stackCloseMs } from "../../shared/tunables.ts";

type Migrate = (databaseUrl: string) => Promise<{ applied: string[] }>;

export interface StackOptions {
  environment: ReturnType<typeof readEnvironment>;
  /** Folder of all stored data. */
  folder: string;
  parts: Part[];
  loadMigrate: () => Promise<Migrate>;
  /**
   * Adds what the demo page's assistant knows, to the data folder's own database alone, and opens its shop.
   * @returns settings for the parts
   */
  addDemo?: (databaseUrl: string, url: string, lifecycle: Lifecycle) => Promise<Record<string, string>>;
  /** Makes a link into the console, in development alone. */
  makeSignInLink?: (databaseUrl: string, base: string) => Promise<string>;
  ending: Ending;
  log: Logger;
  /** Writes to the terminal. */
  print: (text: string) => void;
}

/** Time for processes left by a killed run to end: an API stops listening as soon as its parent is gone. */
const leftoverPatienceMs = 3000;

/**
 * Runs everything on this machine until a signal or a fault ends it.
 * @returns the exit code: 0 after a requested end
 */
export async function runStack(options: StackOptions): Promise<number> {
  const { ending, log, print } = options;
  const lifecycle = new Lifecycle(log);
  const ended = rejectWhen(ending.end);
  try {
    await Promise.race([start(options, lifecycle), ended]);
    return await ended;
  } catch (error) {
    if (ending.end.aborted) {
      log.info(`${describeError(ending.end.reason)}: shutting down`);
      return ending.end.reason instanceof Error ? 1 : 0;
    }
    if (error instanceof StackError || error instanceof EmbeddedPostgresError) print(`${error.message}\n`);
    else log.fatal({ err: error }, "Parley could not start");
    return 1;
  } finally {
    await lifecycle.close(stackCloseMs);
  }
}

/** Each step that opens something registers its closing first, and no step begins after the end was requested. */
async function start(options: StackOptions, lifecycle: Lifecycle): Promise<void> {
  const { environment, folder, print } = options;
  const startedAt = performance.now();
  const url = `http://localhost:${environment.PORT}`;
  const place = await takePlace(folder, url);
  lifecycle.onClose("the data folder", place.leave);
  const patienceMs = place.wasKilled ? leftoverPatienceMs : 0;
  await requireFreePort(environment.PORT, "PORT", patienceMs);
  const { ADMIN_PORT, WORKER_PORT } = environment;
  if (ADMIN_PORT !== undefined) await requireFreePort(ADMIN_PORT, "ADMIN_PORT", patienceMs);
  if (WORKER_PORT !== undefined) await requireFreePort(WORKER_PORT, "WORKER_PORT", patienceMs);
  const workerPort = WORKER_PORT ?? (await findFreePortAfter(environment.PORT, ADMIN_PORT));

  const [databaseUrl, migrate] = await Promise.all([openDatabase(options, lifecycle), options.loadMigrate()]);
  await migrateDatabase(databaseUrl, migrate, options);
  const isDevelopment = environment.NODE_ENV === "development";
  const isDemo = environment.DATABASE_URL === undefined && isDevelopment;
  const demo = isDemo ? await options.addDemo?.(databaseUrl, url, lifecycle) : undefined;
  const password = environment.ADMIN_PASSWORD ?? newPassword(environment.NODE_ENV);
  await startParts(options, lifecycle, {
    ...demo,
    DATABASE_URL: databaseUrl,
    ...(workerPort !== undefined && { WORKER_PORT: `${workerPort}` }),
    ...(password !== undefined && { ADMIN_PASSWORD: password }),
  });
  const adminUrl = ADMIN_PORT === undefined ? url : `http://localhost:${ADMIN_PORT}`;
  print(
    banner({
      url,
      operator: password === undefined ? undefined : { url: adminUrl, user: environment.ADMIN_USER, password },
      signInLink: isDevelopment ? await options.makeSignInLink?.(databaseUrl, adminUrl) : undefined,
      data: environment.DATABASE_URL === undefined ? describeFolder(folder) : `PostgreSQL at ${host(databaseUrl)}`,
      origins: describeOrigins(environment),
      metrics: metricsUrls(environment, workerPort),
      queue: environment.REDIS_URL === undefined ? "on PostgreSQL" : `Redis at ${host(environment.REDIS_URL)}`,
      seconds: (performance.now() - startedAt) / 1000,
    }),
  );
}

async function openDatabase({ environment, folder, ending, log }: StackOptions, lifecycle: Lifecycle): Promise<string> {
  ending.end.throwIfAborted();
  if (environment.DATABASE_URL !== undefined) return environment.DATABASE_URL;
  let url = "";
  let port: number | undefined;
  const postgres = new Supervised({
    name: "PostgreSQL",
    log,
    start: async () => {
      const server = await startEmbeddedPostgres({ dataDir: join(folder, "postgres"), log, port });
      // Keep the port for a restart, so that the parts find PostgreSQL again.
      ({ url, port } = server);
      return server;
    },
  });
  lifecycle.onClose("PostgreSQL", () => postgres.stop());
  await postgres.start();
  return url;
}

async function migrateDatabase(
  databaseUrl: string,
  migrate: Migrate,
  { environment, log }: StackOptions,
): Promise<void> {
  try {
    const { applied } = await migrate(databaseUrl);
    if (applied.length > 0) log.info(`${applied.length} migration(s) applied`);
  } catch (error) {
    if (environment.DATABASE_URL === undefined) throw error;
    throw new StackError(
      `PostgreSQL at ${host(databaseUrl)} could not be migrated: ${describeError(error)}\n` +
        "Check DATABASE_URL. Without it, npm start runs its own PostgreSQL.",
      { cause: error },
    );
  }
}

async function startParts(
  { parts, ending, log }: StackOptions,
  lifecycle: Lifecycle,
  additions: Record<string, string>,
): Promise<void> {
  ending.end.throwIfAborted();
  const supervised = parts.map(
    (part) =>
      new Supervised({
        name: part.name,
        log,
        start: (stopping) =>
          startPart(part, { env: childEnvironment(part.name, additions), stopping, hurry: ending.hurry }),
      }),
  );
  lifecycle.onClose("the parts", async () => {
    await Promise.all(supervised.map((part) => part.stop()));
  });
  await Promise.all(supervised.map((part) => part.start()));
}

/** Addresses of both parts' metrics; in production they need a token. */
function metricsUrls(
  { ADMIN_PORT, METRICS_TOKEN, NODE_ENV, PORT }: StackOptions["environment"],
  workerPort: number | undefined,
): string[] {
  if (NODE_ENV === "production" && METRICS_TOKEN === undefined) return [];
  const ports = [ADMIN_PORT ?? PORT, ...(workerPort === undefined ? [] : [workerPort])];
  return ports.map((port) => `http://localhost:${port}/metrics`);
}

/** Makes a password, but not in production: there operators can sign in only with a configured one. */
function newPassword(nodeEnv: string): string | undefined {
  return nodeEnv === "production" ? undefined : randomBytes(9).toString("base64url");
}

function describeFolder(folder: string): string {
  const shown = relative(process.cwd(), folder);
  return `${join(shown, "postgres")} (embedded PostgreSQL; log: ${join(shown, "postgres.log")})`;
}

/** The part of a store's URL that may be shown. */
function host(url: string): string {
  const { host: name, pathname } = new URL(url);
  return `${name}${pathname}`;
}
