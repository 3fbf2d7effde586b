import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { assistantsPath } from "../../../shared/assistants/assistants.ts";
import { openTestPool, createTestDatabase } from "../../../shared/testing/stores/postgres.ts";
import { type RedisServer, startRedis } from "../../../shared/testing/stores/redis.ts";
import { openTcpGate, type TcpGate } from "../../../shared/testing/processes/tcp-gate.ts";
import { ApiClient } from "./api-client.ts";
import { type Service, type ServiceProcess, startService } from "./processes.ts";
import { type ScriptedProvider, startScriptedProvider } from "./scripted-provider.ts";

export type Backend = "postgres" | "redis";

export interface ProductOptions {
  backend: Backend;
  apis?: number;
  workers?: number;
  /** Environment of every process. */
  env?: Record<string, string>;
  /** Allows replies far longer than the shipped assistants do. */
  wordy?: boolean;
  /** Gives the processes a copy of `config/` that the test may edit. */
  ownConfig?: boolean;
  /** Adds a gate that can be shut between the processes and PostgreSQL. */
  gated?: boolean;
}

/** The whole product with real processes, on a database (and a Redis) of its own. */
export interface Product extends AsyncDisposable {
  /** Client of the first API process. */
  readonly client: ApiClient;
  readonly apis: readonly ServiceProcess[];
  readonly workers: readonly ServiceProcess[];
  readonly provider: ScriptedProvider;
  readonly databaseUrl: string;
  /** Folder in which the processes run, if it has a `config/` of its own. */
  readonly folder: string | undefined;
  /** Redis of this product alone, if its queue, drafts and hints are on Redis. */
  readonly redis: RedisServer | undefined;
  /** Gate between the processes and PostgreSQL, if requested. */
  readonly gate: TcpGate | undefined;
  readonly startApi: (env?: Record<string, string>) => Promise<ServiceProcess>;
  readonly startWorker: (env?: Record<string, string>) => Promise<ServiceProcess>;
  readonly startKnowledge: (env?: Record<string, string>) => Promise<ServiceProcess>;
  /** Queries the database without the gate. */
  readonly query: <Row extends pg.QueryResultRow>(sql: string, values?: unknown[]) => Promise<Row[]>;
  /** Output of all processes. */
  readonly output: () => string;
}

export const tokenSecret = "a secret that only tests know: long enough";
export const adminPassword = "let the operator in";

export async function startProduct(options: ProductOptions): Promise<Product> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  const redis = options.backend === "redis" ? stack.use(await startRedis()) : undefined;
  const gate = options.gated ? stack.use(await openTcpGate(database.url)) : undefined;
  const pool = stack.adopt(openTestPool(database.url, 3), (open) => open.end());
  const processes: ServiceProcess[] = [];
  stack.defer(() => endAll(processes));
  const provider = stack.use(await startScriptedProvider());

  const cwd = options.wordy || options.ownConfig ? await copyConfig(stack, options) : undefined;
  const common = {
    NODE_ENV: "test",
    LOG_LEVEL: "info",
    DATABASE_URL: gate?.url ?? database.url,
    ...(redis && { REDIS_URL: redis.url }),
    COMPATIBLE_BASE_URL: provider.url,
    TOKEN_SECRET: tokenSecret,
    // All tests share one address.
    RATE_LIMIT_MAX_REQUESTS: "1000000",
    RATE_LIMIT_MAX_READS: "1000000",
    RATE_LIMIT_MAX_STREAMS: "10000",
    ADMIN_PASSWORD: adminPassword,
    ...options.env,
  };
  const start = async (service: Service, env: Record<string, string> = {}) => {
    const started = await startService(service, { ...common, ...env }, { cwd });
    processes.push(started);
    return started;
  };
  const count = (service: "api" | "worker", wanted = 1) => Array.from({ length: wanted }, () => start(service));
  const [apis, workers] = await Promise.all([
    Promise.all(count("api", options.apis)),
    Promise.all(count("worker", options.workers)),
  ]);

  const owned = stack.move();
  return {
    client: new ApiClient(apis[0]?.url ?? ""),
    apis,
    workers,
    provider,
    databaseUrl: database.url,
    folder: cwd,
    redis,
    gate,
    startApi: (env) => start("api", env),
    startWorker: (env) => start("worker", env),
    startKnowledge: (env) => start("knowledge", env),
    query: async <Row extends pg.QueryResultRow>(sql: string, values?: unknown[]) =>
      (await pool.query<Row>(sql, values)).rows,
    output: () => processes.map((each) => describeOutput(each)).join("\n"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Output of a process under a heading. */
export function describeOutput({ service, url, output }: ServiceProcess, part = output): string {
  return `--- ${service} ${url}\n${part}`;
}

/** Makes a folder with the shipped configuration, with longer replies where wanted. */
async function copyConfig(stack: AsyncDisposableStack, { wordy }: ProductOptions): Promise<string> {
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), "parley-config-")), (path) => rm(path, { recursive: true }));
  await cp("config", join(folder, "config"), { recursive: true });
  if (!wordy) return folder;
  const path = join(folder, assistantsPath);
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replaceAll(/"maxOutputTokens": \d+/g, '"maxOutputTokens": 100000'));
  return folder;
}

/** Kills all processes at once: their remaining work does not matter, and a store may be down. */
async function endAll(processes: ServiceProcess[]): Promise<void> {
  await Promise.all(processes.filter(({ running }) => running).map((each) => each.kill()));
}
