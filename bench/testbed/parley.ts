import type pg from "pg";
import type { RedisServer } from "../../shared/testing/stores/redis.ts";
import type { Checkout } from "./checkout.ts";
import type { MeasuredProcess, Usage } from "./measured-process.ts";
import { openBenchPool, type Testbed } from "./testbed.ts";

export interface ParleyOptions {
  backend: "redis" | "postgres";
  /** Defaults to one. */
  worker?: boolean;
  env?: Record<string, string>;
  /** Makes PostgreSQL count its statements. */
  countStatements?: boolean;
  /** Folder of its `config/`; defaults to the repository. */
  cwd?: string;
  /** Another checkout whose processes and migrations run; defaults to this repository. */
  checkout?: Checkout;
}

/** Parley with its own processes, database and Redis, and with all features on. */
export interface Parley extends AsyncDisposable {
  readonly origin: string;
  readonly api: MeasuredProcess;
  readonly workers: readonly MeasuredProcess[];
  readonly databaseUrl: string;
  readonly pool: pg.Pool;
  readonly redis: RedisServer | undefined;
  /** Starts another worker beside the existing ones. */
  startWorker(): Promise<MeasuredProcess>;
  /** Starts a process that reads sources of knowledge. It is no part of `usage`. */
  startKnowledge(env: Record<string, string>): Promise<MeasuredProcess>;
  /** Sends SIGKILL to all of them. */
  killAll(): Promise<void>;
  /** Usage of all its processes. */
  usage(): Usage;
}

export const benchTokenSecret = "a secret that only the bench knows: long enough";
/** Maximum number of replies in flight in the bench. */
const workerConcurrency = "6000";
const boundless = "100000000";
const ownScripts = { api: "services/api/main.ts", worker: "services/worker/main.ts" };

export async function startParley(testbed: Testbed, options: ParleyOptions): Promise<Parley> {
  await using stack = new AsyncDisposableStack();
  const { checkout } = options;
  const databaseUrl = await testbed.createDatabase(checkout ? "empty" : "migrated");
  await checkout?.migrate(databaseUrl);
  if (options.countStatements) await testbed.countStatements(databaseUrl);
  const pool = openBenchPool(stack, databaseUrl);
  const redis = options.backend === "redis" ? stack.use(await testbed.startRedis()) : undefined;
  const { cwd } = options;
  const scripts = checkout?.scripts ?? ownScripts;
  const common = {
    ...(cwd !== undefined && { cwd }),
    ...(checkout && { root: checkout.root }),
    env: { ...environment(testbed, databaseUrl, redis), ...options.env },
  };
  const workers: MeasuredProcess[] = [];
  const startWorker = async () => {
    const worker = stack.use(await testbed.start({ ...common, name: "worker", script: scripts.worker }));
    workers.push(worker);
    return worker;
  };
  const [{ child: api, origin }] = await Promise.all([
    testbed.startServer({ ...common, name: "api", script: scripts.api }),
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
      const worker = await testbed.start({ ...common, name: "worker", script: scripts.worker });
      workers.push(owned.use(worker));
      return worker;
    },
    startKnowledge: async (env) => {
      const script = "services/knowledge/main.ts";
      return owned.use(await testbed.start({ ...common, env: { ...common.env, ...env }, name: "knowledge", script }));
    },
    killAll: async () => {
      await Promise.all([api, ...workers].map((child) => child.kill()));
    },
    usage: () => addUp([api, ...workers]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Settings of a production process, without limits that the bench would reach. */
function environment(testbed: Testbed, databaseUrl: string, redis: RedisServer | undefined): Record<string, string> {
  return {
    NODE_ENV: "production",
    // Value of the npm scripts and the image.
    NODE_OPTIONS: ["--max-semi-space-size=16", ...testbed.nodeOptions].join(" "),
    DATABASE_URL: databaseUrl,
    ...(redis && { REDIS_URL: redis.url }),
    COMPATIBLE_BASE_URL: `${testbed.provider.origin}/v1`,
    TOKEN_SECRET: benchTokenSecret,
    RATE_LIMIT_MAX_REQUESTS: boundless,
    RATE_LIMIT_MAX_READS: boundless,
    RATE_LIMIT_MAX_STREAMS: boundless,
    MAX_BACKLOG: boundless,
    WORKER_CONCURRENCY: workerConcurrency,
  };
}

export function addUp(children: readonly MeasuredProcess[]): Usage {
  const all = children.map((child) => child.usage());
  return {
    cpuMs: all.reduce((total, { cpuMs }) => total + cpuMs, 0),
    memoryMb: all.reduce((total, { memoryMb }) => total + memoryMb, 0),
  };
}
