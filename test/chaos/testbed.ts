import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../../shared/db/schema/migrate.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../shared/embedded-postgres/embedded-postgres.ts";
import { createLogger } from "../../shared/logger.ts";
import { findFreePort } from "../../shared/testing/processes/free-port.ts";
import { type RedisServer, startRedis } from "../../shared/testing/stores/redis.ts";
import { openTcpGate, type TcpGate } from "../../shared/testing/processes/tcp-gate.ts";
import { startSiteServer, type SiteServer } from "../system/knowledge/site-server.ts";
import { recordPassages } from "./knowledge/passage-history.ts";
import type { FaultRecord, RunLog } from "./run-log.ts";
import { openCluster } from "./stores/cluster-store.ts";
import { openSentinel } from "./stores/sentinel-store.ts";
import type { ChaosBackend } from "./fault-plan.ts";
import type { ReplicatedStore } from "./stores/replicated-store.ts";
import { type ChaosService, ManagedProcess } from "./managed-process.ts";
import { startFaultyProvider, type FaultyProvider } from "./faulty-provider.ts";

/** The product and its dependencies, each with means to break and repair it. */
export interface ChaosTestbed extends AsyncDisposable {
  readonly backend: ChaosBackend;
  /** Folder of the processes' logs. */
  readonly folder: string;
  readonly apis: readonly ApiProcess[];
  readonly workers: readonly ManagedProcess[];
  /** Process that reads the site's sources. */
  readonly knowledge: ManagedProcess;
  readonly site: SiteServer;
  readonly processes: readonly ManagedProcess[];
  readonly postgres: RestartablePostgres;
  readonly redis: RedisServer | undefined;
  /** Its servers announce their own addresses, so no gates are in front of them. */
  readonly replicated: ReplicatedStore | undefined;
  /** Connections of each process, by its name. */
  readonly gates: ReadonlyMap<string, { postgres: TcpGate; redis: TcpGate | undefined }>;
  readonly providerGate: TcpGate;
  readonly upstream: FaultyProvider;
  /** Connects without gates. */
  readonly pool: pg.Pool;
}

export interface ApiProcess extends ManagedProcess {
  readonly url: string;
}

export interface RestartablePostgres {
  readonly url: string;
  /** Ends it in order, or as if it had crashed; resolves when it has ended. */
  stop(how: "in order" | "crash"): Promise<void>;
  start(): Promise<void>;
}

interface TestbedOptions {
  backend: ChaosBackend;
  seed: number;
  /** See `startFaultyProvider`. */
  stalls: boolean;
  runLog: RunLog;
  /** Another provider than the faulty one. */
  upstream?: FaultyProvider;
  /** Folder of the processes' `config/`, and further environment of them; defaults to the repository's. */
  config?: { folder: string; env: Record<string, string> };
}

const apiCount = 2;
const workerCount: Record<ChaosBackend, number> = { postgres: 3, redis: 3, cluster: 4, sentinel: 4 };
const tokenSecret = "a secret that only the harness knows: long enough";

export async function openChaosTestbed(options: TestbedOptions): Promise<ChaosTestbed> {
  const { backend, seed, stalls, runLog, config } = options;
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "parley-chaos-"));
  const postgres = await openPostgres(stack);
  const pool = stack.adopt(new pg.Pool({ connectionString: postgres.url, max: 3 }), (open) => open.end());
  pool.on("error", () => undefined);
  await migrate(postgres.url);
  await recordPassages(pool);
  const redis = backend === "redis" ? stack.use(await startRedis()) : undefined;
  const replicated = await openReplicated(backend);
  if (replicated) stack.use(replicated);
  const upstream = options.upstream ?? (await startFaultyProvider(seed, stalls));
  stack.defer(() => upstream.fake.close());
  const providerGate = stack.use(await openTcpGate(upstream.fake.url));
  const site = stack.use(await startSiteServer());
  const processes: ManagedProcess[] = [];
  stack.defer(async () => {
    await Promise.all(processes.map((managed) => managed.kill()));
  });
  const factory = new ProcessFactory(stack, {
    folder,
    runLog,
    providerUrl: providerGate.url,
    sitePort: new URL(site.url).port,
    postgresUrl: postgres.url,
    redis,
    replicatedUrl: replicated?.url,
    config,
  });
  const apis = await factory.makeAll("api", apiCount);
  const workers = await factory.makeAll("worker", workerCount[backend]);
  const [knowledge] = await factory.makeAll("knowledge", 1);
  if (knowledge === undefined) throw new Error("there is no process for knowledge");
  processes.push(...apis, ...workers, knowledge);
  await Promise.all(processes.map((managed) => managed.start()));

  const owned = stack.move();
  return {
    backend,
    folder,
    apis,
    workers,
    knowledge,
    site,
    processes,
    postgres,
    redis,
    replicated,
    gates: factory.gates,
    providerGate,
    upstream,
    pool,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openReplicated(backend: ChaosBackend): Promise<ReplicatedStore | undefined> {
  if (backend === "cluster") return openCluster();
  return backend === "sentinel" ? openSentinel() : undefined;
}

interface ProcessFactoryOptions {
  folder: string;
  runLog: RunLog;
  providerUrl: string;
  sitePort: string;
  postgresUrl: string;
  redis: RedisServer | undefined;
  replicatedUrl: string | undefined;
  config: TestbedOptions["config"];
}

/** Creates the processes, each with gates of its own. */
class ProcessFactory {
  readonly gates = new Map<string, { postgres: TcpGate; redis: TcpGate | undefined }>();
  readonly #stack: AsyncDisposableStack;
  readonly #options: ProcessFactoryOptions;

  constructor(stack: AsyncDisposableStack, options: ProcessFactoryOptions) {
    this.#stack = stack;
    this.#options = options;
  }

  makeAll(service: ChaosService, count: number): Promise<ApiProcess[]> {
    return Promise.all(Array.from({ length: count }, (_, index) => this.#make(service, index + 1)));
  }

  async #make(service: ChaosService, number: number): Promise<ApiProcess> {
    const { folder, runLog, providerUrl, sitePort, postgresUrl, redis, replicatedUrl, config } = this.#options;
    const name = `${service}-${number}`;
    const postgresGate = this.#stack.use(await openTcpGate(postgresUrl));
    const redisGate = redis && this.#stack.use(await openTcpGate(redis.url));
    this.gates.set(name, { postgres: postgresGate, redis: redisGate });
    const redisUrl = redisGate?.url ?? replicatedUrl;
    const port = await findFreePort();
    const managed = new ManagedProcess({
      service,
      name,
      logFile: join(folder, `${name}.log`),
      env: {
        NODE_ENV: "test",
        LOG_LEVEL: "info",
        DATABASE_URL: postgresGate.url,
        ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
        COMPATIBLE_BASE_URL: providerUrl,
        TOKEN_SECRET: tokenSecret,
        RATE_LIMIT_MAX_REQUESTS: "1000000",
        RATE_LIMIT_MAX_READS: "1000000",
        RATE_LIMIT_MAX_STREAMS: "10000",
        ...(service === "knowledge" && {
          FETCH_ALLOW_PRIVATE: "127.0.0.0/8",
          FETCH_PORTS: sitePort,
          KNOWLEDGE_PAUSE_MS: "0",
        }),
        ...(service === "api" && { PORT: `${port}`, ADMIN_PASSWORD: "only operators with keys are here" }),
        ...(service !== "knowledge" && config?.env),
      },
      cwd: config?.folder,
      mayFailToStart: () => runLog.faultsOf(["postgres", name], Date.now(), Date.now(), 5000).some(isOfPostgres),
      onUnexpectedExit: (how) => runLog.breach("no process exits unexpectedly", `${name} exited (${how})`),
    });
    return Object.assign(managed, { url: `http://127.0.0.1:${port}` });
  }
}

async function openPostgres(stack: AsyncDisposableStack): Promise<RestartablePostgres> {
  const log = await createLogger({ service: "chaos", level: "warn", pretty: false });
  const dataDir = join(await mkdtemp(join(tmpdir(), "parley-chaos-pg-")), "data");
  // The machine itself does not crash here, so data written without fsync survives a crash of the server.
  const settings = { fsync: "off", max_connections: "300" };
  let server: EmbeddedPostgres = await startEmbeddedPostgres({ dataDir, log, settings });
  const { url, port } = server;
  stack.defer(async () => {
    await server.stop();
    await rm(join(dataDir, ".."), { recursive: true, force: true });
  });
  return {
    url,
    async stop(how) {
      if (how === "crash") process.kill(server.pid, "SIGQUIT");
      else await server.stop();
      await server.exited;
    },
    async start() {
      server = await startEmbeddedPostgres({ dataDir, log, settings, port });
    },
  };
}

function isOfPostgres({ kind }: FaultRecord): boolean {
  return kind.startsWith("postgres-") || kind === "partition-worker";
}
