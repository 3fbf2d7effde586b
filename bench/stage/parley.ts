import type pg from "pg";
import type { RedisServer } from "../../shared/testing/stores/redis.ts";
import type { Child, Usage } from "./child.ts";
import { openPool, type Stage } from "./stage.ts";

export interface ParleyOptions {
  backend: "redis" | "postgres";
  /** By default one. */
  worker?: boolean;
  env?: Record<string, string>;
  /** Has PostgreSQL count its statements. */
  countStatements?: boolean;
  /** Where its `config/` is read; by default the repository. */
  cwd?: string;
}

/** Parley with processes, a database and a Redis of its own, and with everything on that it has. */
export interface Parley extends AsyncDisposable {
  readonly origin: string;
  readonly api: Child;
  readonly workers: readonly Child[];
  readonly databaseUrl: string;
  readonly pool: pg.Pool;
  readonly redis: RedisServer | undefined;
  /** Another one beside those there are. */
  startWorker(): Promise<Child>;
  /** SIGKILL, all of them. */
  killAll(): Promise<void>;
  /** Of all its processes. */
  usage(): Usage;
}

export const tokenSecret = "a secret that only the bench knows: long enough";
/** As many as the bench ever asks for at once. */
const workerConcurrency = "6000";
const boundless = "100000000";

export async function startParley(stage: Stage, options: ParleyOptions): Promise<Parley> {
  await using stack = new AsyncDisposableStack();
  const databaseUrl = await stage.createDatabase("migrated");
  if (options.countStatements) await stage.countStatements(databaseUrl);
  const pool = openPool(stack, databaseUrl);
  const redis = options.backend === "redis" ? stack.use(await stage.startRedis()) : undefined;
  const { cwd } = options;
  const common = {
    ...(cwd !== undefined && { cwd }),
    env: {
      NODE_ENV: "production",
      // As the npm scripts and the image set it.
      NODE_OPTIONS: "--max-semi-space-size=16",
      DATABASE_URL: databaseUrl,
      ...(redis && { REDIS_URL: redis.url }),
      COMPATIBLE_BASE_URL: `${stage.provider.origin}/v1`,
      TOKEN_SECRET: tokenSecret,
      RATE_LIMIT_MAX_REQUESTS: boundless,
      RATE_LIMIT_MAX_READS: boundless,
      RATE_LIMIT_MAX_STREAMS: boundless,
      MAX_BACKLOG: boundless,
      WORKER_CONCURRENCY: workerConcurrency,
      ...options.env,
    },
  };
  const workers: Child[] = [];
  const startWorker = async () => {
    const worker = stack.use(await stage.start({ ...common, name: "worker", script: "services/worker/main.ts" }));
    workers.push(worker);
    return worker;
  };
  const [{ child: api, origin }] = await Promise.all([
    stage.startServer({ ...common, name: "api", script: "services/api/main.ts" }),
    options.worker === false ? undefined : startWorker(),
  ]);
  stack.use(api);

  const owned = stack.move();
  return {
    origin,
    api,
    workers,
    databaseUrl,
    pool,
    redis,
    startWorker: async () => {
      const worker = await stage.start({ ...common, name: "worker", script: "services/worker/main.ts" });
      workers.push(owned.use(worker));
      return worker;
    },
    killAll: async () => {
      await Promise.all([api, ...workers].map((child) => child.kill()));
    },
    usage: () => addUp([api, ...workers]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export function addUp(children: readonly Child[]): Usage {
  const all = children.map((child) => child.usage());
  return {
    cpuMs: all.reduce((total, { cpuMs }) => total + cpuMs, 0),
    memoryMb: all.reduce((total, { memoryMb }) => total + memoryMb, 0),
  };
}
