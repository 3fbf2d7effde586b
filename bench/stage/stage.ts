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
import { Child, type ChildOptions } from "./child.ts";
import { startProvider, type BenchProvider } from "./provider.ts";

/** What everything that is measured stands on: one PostgreSQL, one provider, and as many Redis servers as are asked for. */
export interface Stage extends AsyncDisposable {
  /** Of this run's own files. */
  readonly folder: string;
  readonly provider: BenchProvider;
  readonly hasRedis: boolean;
  /** Of the machine. */
  readonly cores: number;
  /** Of PostgreSQL's first process. */
  readonly postgresPid: number;
  /** A database of somebody's own; dropped with the run. */
  createDatabase(content: "migrated" | "empty"): Promise<string>;
  /** Lets PostgreSQL count the statements of those who connect to a database from now on (`pg_stat_statements`). */
  countStatements(databaseUrl: string): Promise<void>;
  startRedis(): Promise<RedisServer>;
  start(options: Omit<ChildOptions, "logFile">): Promise<Child>;
  /** On a free port, which it is told as `PORT`. */
  startServer(options: Omit<ChildOptions, "logFile">): Promise<{ child: Child; origin: string }>;
}

/** Larger than the default of a server for one machine: none of the parts is to be starved. As durable as usual. */
const settings = {
  max_connections: "400",
  shared_buffers: "256MB",
  max_wal_size: "4GB",
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.track": "none",
};

export async function openStage(): Promise<Stage> {
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
  const start: Stage["start"] = (options) =>
    Child.start({ ...options, logFile: join(folder, `${++children}-${options.name}.log`) });
  const startServer: Stage["startServer"] = async (options) => {
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
    // Of a signal and of what breaks by it the second must wait for the first: the process ends after it.
    [Symbol.asyncDispose]: () => (disposing ??= owned.disposeAsync()),
  };
}

export function openPool(stack: AsyncDisposableStack, databaseUrl: string): pg.Pool {
  const opened = stack.adopt(new pg.Pool({ connectionString: databaseUrl, max: 4 }), (pool) => pool.end());
  // Its end does not wait for the connections', which the drop of the database then ends.
  return opened.on("error", () => undefined);
}
