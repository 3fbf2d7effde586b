import type { RedisServer } from "../../shared/testing/stores/redis.ts";
import type { Usage } from "../testbed/measured-process.ts";
import { addUp } from "../testbed/parley.ts";
import { openPool, type Stage } from "../testbed/testbed.ts";

/** Reference for Parley: a minimal implementation with its own database and Redis. */
export interface Limit extends AsyncDisposable {
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
  stage: Stage,
  { worker = true, model = "default" }: { worker?: boolean; model?: string } = {},
): Promise<Limit> {
  return startLimit(stage, { server: "floor-api", others: worker ? ["floor-worker"] : [], model });
}

/** Starts the single handler that waits for the whole answer: see `naive-main.ts`. */
export function startNaive(stage: Stage): Promise<Limit> {
  return startLimit(stage, { server: "naive", others: [], model: "default" });
}

interface LimitParts {
  server: string;
  others: string[];
  model: string;
}

async function startLimit(stage: Stage, { server, others, model }: LimitParts): Promise<Limit> {
  await using stack = new AsyncDisposableStack();
  const databaseUrl = await stage.createDatabase("empty");
  await openPool(stack, databaseUrl).query(table);
  const redis = stack.use(await stage.startRedis());
  const env = {
    NODE_ENV: "production",
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    PROVIDER_URL: stage.provider.origin,
    PROVIDER_MODEL: model,
  };
  const [{ child, origin }, ...workers] = await Promise.all([
    stage.startServer({ name: server, script: `bench/baselines/${server}-main.ts`, env }),
    ...others.map((name) => stage.start({ name, script: `bench/baselines/${name}-main.ts`, env })),
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
