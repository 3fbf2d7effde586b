import type { RedisServer } from "../../shared/testing/stores/redis.ts";
import type { Usage } from "../testbed/measured-process.ts";
import { addUp } from "../testbed/parley.ts";
import { openBenchPool, type Testbed } from "../testbed/testbed.ts";

/** Reference for Parley: a minimal implementation with its own database and Redis. */
export interface Baseline extends AsyncDisposable {
  readonly origin: string;
  readonly databaseUrl: string;
  readonly redis: RedisServer;
  /** Usage of all its processes. */
  usage(): Usage;
}

const table = `
  create table messages (
    id uuid primary key, conversation_id uuid not null, role text not null, content text not null,
    created_at timestamptz not null default now()
  );
  create index messages_of_conversation on messages (conversation_id, created_at)`;

/** Starts the minimal cost of a queue path: see `floor-api-main.ts` and `floor-worker-main.ts`. */
export function startFloor(
  testbed: Testbed,
  { worker = true, model = "default" }: { worker?: boolean; model?: string } = {},
): Promise<Baseline> {
  return startBaseline(testbed, { server: "floor-api", others: worker ? ["floor-worker"] : [], model });
}

/** Starts the single handler that waits for the whole answer: see `naive-main.ts`. */
export function startNaive(testbed: Testbed): Promise<Baseline> {
  return startBaseline(testbed, { server: "naive", others: [], model: "default" });
}

interface BaselineProcesses {
  server: string;
  others: string[];
  model: string;
}

async function startBaseline(testbed: Testbed, { server, others, model }: BaselineProcesses): Promise<Baseline> {
  await using stack = new AsyncDisposableStack();
  const databaseUrl = await testbed.createDatabase("empty");
  await openBenchPool(stack, databaseUrl).query(table);
  const redis = stack.use(await testbed.startRedis());
  const env = {
    NODE_ENV: "production",
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    PROVIDER_URL: testbed.provider.origin,
    PROVIDER_MODEL: model,
  };
  const [{ child, origin }, ...workers] = await Promise.all([
    testbed.startServer({ name: server, script: `bench/baselines/${server}-main.ts`, env }),
    ...others.map((name) => testbed.start({ name, script: `bench/baselines/${name}-main.ts`, env })),
  ]);
  stack.use(child);
  for (const each of workers) stack.use(each);
  const owned = stack.move();
  return {
    origin,
    databaseUrl,
    redis,
    usage: () => addUp([child, ...workers]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
