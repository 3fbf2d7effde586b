import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../../shared/db/schema/migrate.ts";
import { startEmbeddedPostgres } from "../../shared/embedded-postgres/embedded-postgres.ts";
import { createLogger } from "../../shared/logger.ts";
import { runAsAdmin, urlOfDatabase } from "../../shared/testing/stores/postgres-admin.ts";
import { findFreePort } from "../../shared/testing/processes/free-port.ts";
import { redisAvailable, type RedisServer, startRedis } from "../../shared/testing/stores/redis.ts";
import { MeasuredProcess, type ProcessOptions } from "./measured-process.ts";
import { startProvider, type BenchProvider } from "./provider.ts";

/** Common base of all measurements: one PostgreSQL, one provider, and as many Redis servers as requested. */
export interface Testbed extends AsyncDisposable {
  /** Folder of this run's own files. */
  readonly folder: string;
  readonly provider: BenchProvider;
  readonly hasRedis: boolean;
  /** Number of the machine's cores. */
  readonly cores: number;
  /** Id of PostgreSQL's first process. */
  readonly postgresPid: number;
  /** Additional options of Node for Parley's processes. */
  readonly nodeOptions: readonly string[];
  /** Creates a separate database, dropped with the run. */
  createDatabase(content: "migrated" | "empty"): Promise<string>;
  /** Makes PostgreSQL count the statements of later connections to a database (`pg_stat_statements`). */
  countStatements(databaseUrl: string): Promise<void>;
  startRedis(): Promise<RedisServer>;
  start(options: Omit<ProcessOptions, "logFile">): Promise<MeasuredProcess>;
  /** Starts a server on a free port, passed as `PORT`. */
  startServer(options: Omit<ProcessOptions, "logFile">): Promise<{ child: MeasuredProcess; origin: string }>;
}

/** Settings above a server's defaults for one machine, so that no part is starved. Durability is unchanged. */
const settings = {
  max_connections: "400",
  shared_buffers: "256MB",
  max_wal_size: "4GB",
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.track": "none",
};

const withoutBatching = new URL("without-batching.ts", import.meta.url).href;

export async function openTestbed({ unbatched }: { unbatched: boolean }): Promise<Testbed> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "parley-bench-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const log = await createLogger({ service: "bench", level: "warn", pretty: true });
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, "data"), log, settings });
  stack.defer(() => postgres.stop());
  const template = urlOfDatabase(postgres.url, "template_parley");
  await runAsAdmin(postgres.url, "create database template_parley");
  await migrate(template);
  let databases = 0;
  let children = 0;
  const start: Testbed["start"] = (options) =>
    MeasuredProcess.start({ ...options, logFile: join(folder, `${++children}-${options.name}.log`) });
  const startServer: Testbed["startServer"] = async (options) => {
    const port = await findFreePort();
    const child = await start({ ...options, env: { ...options.env, PORT: String(port) } });
    return { child, origin: `http://127.0.0.1:${port}` };
  };
  const provider = stack.use(await startProvider(startServer));

  const owned = stack.move();
  let disposing: Promise<void> | undefined;
  return {
    folder,
    provider,
    hasRedis: redisAvailable,
    cores: availableParallelism(),
    postgresPid: postgres.pid,
    nodeOptions: unbatched ? ["--import", withoutBatching] : [],
    async createDatabase(content) {
      const name = `bench_${++databases}`;
      const copy = content === "migrated" ? "template template_parley" : "";
      await runAsAdmin(postgres.url, `create database ${name} ${copy}`);
      return urlOfDatabase(postgres.url, name);
    },
    async countStatements(databaseUrl) {
      const name = new URL(databaseUrl).pathname.slice(1);
      await runAsAdmin(databaseUrl, "create extension pg_stat_statements");
      await runAsAdmin(postgres.url, `alter database ${name} set pg_stat_statements.track = 'top'`);
    },
    startRedis: () => startRedis(),
    start,
    startServer,
    // Disposal may be called twice, for a signal and for the failure it causes. The second call must wait for the
    // first, as the process ends after it.
    [Symbol.asyncDispose]: () => (disposing ??= owned.disposeAsync()),
  };
}

export function openBenchPool(stack: AsyncDisposableStack, databaseUrl: string): pg.Pool {
  const opened = stack.adopt(new pg.Pool({ connectionString: databaseUrl, max: 4 }), (pool) => pool.end());
  // The pool's end does not wait for its connections; dropping the database then ends them.
  return opened.on("error", () => undefined);
}
