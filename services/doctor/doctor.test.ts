import { createServer } from "node:http";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processVersion } from "../../shared/process/process-version.ts";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { readEnvironment, readValidEnvironment } from "../../shared/config/config.ts";
import { startEmbeddedPostgres } from "../../shared/embedded-postgres/embedded-postgres.ts";
import { askRedis } from "../../shared/testing/stores/ask-redis.ts";
import { createEmptyDatabase, setDefault } from "../../shared/testing/stores/empty-database.ts";
import { createTestDatabase } from "../../shared/testing/stores/postgres.ts";
import { quietLog } from "../../shared/testing/fixtures/quiet-log.ts";
import { redisAvailable, startRedis } from "../../shared/testing/stores/redis.ts";
import { startRedisCluster } from "../../shared/testing/stores/redis-cluster.ts";
import { startRedisSentinel } from "../../shared/testing/stores/redis-sentinel.ts";
import { checkClock } from "./clock.ts";
import { doctor } from "./doctor.ts";
import { hideSecrets } from "./hide-secrets.ts";

const secrets = {
  OPENAI_API_KEY: "sk-doctor-must-not-say-this",
  TOKEN_SECRET: "a token secret that the doctor must not say",
  ADMIN_PASSWORD: "an admin's password",
  METRICS_TOKEN: "a metrics token not to be said",
};

/** Output of the doctor, and its exit code. */
async function examine(env: Record<string, string>, args: string[] = [], folder?: string) {
  let said = "";
  const code = await doctor(args, {
    folder: folder ?? (await emptyFolder()),
    environment: () => readValidEnvironment(env),
    write: (text) => (said += text),
  });
  for (const secret of Object.values(secrets)) expect(said).not.toContain(secret);
  return { code, said };
}

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-doctor-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An upstream that lists its models to requests with the right key. */
async function startModels(status = 200): Promise<string> {
  const server = createServer((req, res) => {
    const allowed = req.headers.authorization === `Bearer ${secrets.OPENAI_API_KEY}`;
    res.writeHead(allowed ? status : 401, { "content-type": "application/json" });
    res.end(JSON.stringify({ data: [{ id: "gpt-6.1-terra" }] }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    await once(server, "close");
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

describe("doctor", () => {
  it("reports no fault for a healthy installation", async () => {
    await using database = await createTestDatabase();
    const { code, said } = await examine({ DATABASE_URL: database.url, ...secrets });
    expect(said).toMatch(/ok +PostgreSQL \d+\.\d+ at /);
    expect(said).toMatch(/ok +its schema matches this version/);
    expect(said).toMatch(/ok +its clock and this machine's differ by \d+ ms/);
    expect(said).toMatch(/ok +room for \d+ processes/);
    expect(said).toMatch(/ok +notifications arrive/);
    expect(said).toMatch(/ok +the queue accepts writes: 0 waiting, 0 active, 0 workers/);
    expect(said).toContain("0 fault(s)");
    expect(code).toBe(0);
  });

  it("names the processes that run, and says when one is of another version", async () => {
    await using database = await createTestDatabase();
    const run = async (sql: string) => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      try {
        await client.query(sql);
      } finally {
        await client.end();
      }
    };
    const examined = async () => (await examine({ DATABASE_URL: database.url })).said;
    expect(await examined()).toMatch(/ok +no process of this version runs on it/);
    const report = "insert into process_reports (process_id, name, place, version, reported_at) values";
    await run(`${report} (gen_random_uuid(), 'api', 'host-a:1', ${processVersion}, now()),
                        (gen_random_uuid(), 'worker', 'host-b:2', 0, now() - interval '31 seconds')`);
    expect(await examined()).toMatch(/ok +running on it: api host-a:1 \(version \d+\)\n/);
    await run("update process_reports set reported_at = now()");
    expect(await examined()).toMatch(
      /note +processes of different versions run on it: worker host-b:2 \(version 0\), api host-a:1 .*\n +-> replace those/,
    );
  });

  it("goes on after a fault of the environment, and says what it did not check", async () => {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const { code, said } = await examine({ PORT: "many", REDIS_URL: "not a url", DATABASE_URL: database.url });
    expect(code).toBe(1);
    expect(said).toMatch(/fault +The environment has 2 fault\(s\)/);
    expect(said).toMatch(/ok +its schema matches this version/);
    expect(said).toMatch(/note +not checked, because REDIS_URL is faulty/);
    expect(said).toMatch(/ok +the chat may be used on pages of localhost/);
  });

  it("reports every fault of the environment", async () => {
    const { code, said } = await examine({ PORT: "none", REDIS_URL: "nowhere", ...secrets });
    expect(said).toMatch(/PORT: .*\n.*REDIS_URL: /s);
    expect(code).toBe(1);
  });

  it("reports missing migrations and the command to run", async () => {
    await using database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query("update settings set value = 'an older one' where key = 'schema'");
    await client.end();
    const { code, said } = await examine({ DATABASE_URL: database.url });
    expect(said).toMatch(/fault +its schema does not match this version\n +-> run: npm run migrate/);
    expect(code).toBe(1);
  });

  it("reports a wrong encoding, a read-only database, and an isolation level set by a pooler", async () => {
    const latin = await createEmptyDatabase("encoding 'LATIN1' locale 'C' template template0");
    expect((await examine({ DATABASE_URL: latin })).said).toMatch(
      /fault +the encoding of the database is LATIN1, expected UTF8\n +-> .*create database "\S+_utf8" encoding 'UTF8'/,
    );
    await using database = await createTestDatabase();
    await setDefault(database.url, "default_transaction_isolation", "repeatable read");
    const pooled = { DATABASE_POOLER: "transaction", REDIS_URL: "redis://127.0.0.1:1", DATABASE_URL: database.url };
    expect((await examine(pooled)).said).toMatch(
      /fault +default_transaction_isolation is repeatable read.*\n +-> alter role "\S+" in database "\S+" set/,
    );
    expect((await examine({ DATABASE_URL: database.url })).said).toContain("0 fault(s)");
    await setDefault(database.url, "default_transaction_read_only", "on");
    expect((await examine({ DATABASE_URL: database.url })).said).toMatch(/fault +the database is read-only/);
  });

  it("reports an unreachable PostgreSQL without its password", async () => {
    const url = "postgres://parley:a-password-to-hide@127.0.0.1:1/parley";
    const { code, said } = await examine({ DATABASE_URL: url });
    expect(said).toMatch(/fault +127\.0\.0\.1:1\/parley does not answer: .*ECONNREFUSED/);
    expect(said).not.toContain("a-password-to-hide");
    expect(code).toBe(1);
  });

  it.skipIf(!redisAvailable)("checks Redis and reports an eviction policy that drops keys", async () => {
    await using database = await createTestDatabase();
    await using redis = await startRedis();
    const env = { DATABASE_URL: database.url, REDIS_URL: redis.url };
    const healthy = await examine(env);
    expect(healthy.said).toMatch(/ok +(Redis|Valkey) \S+ at 127\.0\.0\.1:\d+ answers/);
    expect(healthy.said).toMatch(/note +it has no append-only file/);
    expect(healthy.code).toBe(0);
    const { Redis } = await import("ioredis");
    const client = new Redis(redis.url);
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    client.disconnect();
    const evicting = await examine(env);
    expect(evicting.said).toMatch(/fault +.*maxmemory-policy allkeys-lru/);
    expect(evicting.code).toBe(1);
    await redis.kill();
    const away = await examine(env);
    expect(away.said).toMatch(/fault +Redis at 127\.0\.0\.1:\d+ does not answer/);
    expect(away.code).toBe(1);
  });

  it.skipIf(!redisAvailable)("reports a Redis that refuses commands or lacks the database", async () => {
    await using database = await createTestDatabase();
    await using redis = await startRedis({ settings: () => ({ databases: "4" }) });
    const env = { DATABASE_URL: database.url, REDIS_URL: `${redis.url}/3` };
    expect((await examine(env)).said).toMatch(/ok +the queue accepts writes: 0 waiting/);
    expect((await examine({ ...env, REDIS_URL: `${redis.url}/4` })).said).toMatch(
      /fault +.*does not have the database of REDIS_URL\n +-> .*databases/,
    );
    await askRedis(redis, "CONFIG", "SET", "maxmemory", "1");
    const full = await examine(env);
    expect(full.said).toMatch(/fault +the queue does not work: Redis is full.*\n +-> raise maxmemory/);
    expect(full.code).toBe(1);
    await askRedis(redis, "CONFIG", "SET", "maxmemory", "0");
    await askRedis(redis, "ACL", "SETUSER", "default", "-evalsha", "-eval");
    expect((await examine(env)).said).toMatch(/fault +the queue does not work: Redis does not let its user/);
    await askRedis(redis, "ACL", "SETUSER", "default", "+@all");
    await askRedis(redis, "REPLICAOF", "127.0.0.1", "1");
    expect((await examine(env)).said).toMatch(/fault +the queue does not work: Redis is a replica/);
  });

  it.skipIf(!redisAvailable)("checks every master of a Redis Cluster", { timeout: 60_000 }, async () => {
    await using database = await createTestDatabase();
    await using cluster = await startRedisCluster();
    const { code, said } = await examine({ DATABASE_URL: database.url, REDIS_URL: cluster.url });
    expect(said.match(/ok +(Redis|Valkey) \S+ at 127\.0\.0\.1:\d+ answers/g)).toHaveLength(3);
    expect(code).toBe(0);
  });

  it.skipIf(!redisAvailable)("checks the server that Sentinels name", { timeout: 60_000 }, async () => {
    await using database = await createTestDatabase();
    await using sentinel = await startRedisSentinel();
    const { code, said } = await examine({ DATABASE_URL: database.url, REDIS_URL: sentinel.url });
    expect(said).toMatch(/ok +(Redis|Valkey) \S+ at 127\.0\.0\.1:\d+ answers/);
    expect(code).toBe(0);
  });

  it("checks provider keys only when asked to", async () => {
    await using database = await createTestDatabase();
    const env = { DATABASE_URL: database.url, ...secrets };
    const good = { ...env, OPENAI_BASE_URL: await startModels() };
    expect((await examine(good)).said).not.toContain("accepts the key");
    expect((await examine(good, ["--keys"])).said).toMatch(/ok +openai: accepts the key and lists gpt-6\.1-terra/);
    const unknown = await examine({ ...good, OPENAI_MODEL: "gpt-0" }, ["--keys"]);
    expect(unknown.said).toMatch(/note +openai: accepts the key, but does not list gpt-0/);
    const refused = await examine({ ...good, OPENAI_API_KEY: "another-key-not-to-say" }, ["--keys"]);
    expect(refused.said).toMatch(/fault +openai: .* rejects the key \(401\)/);
    expect(refused.said).not.toContain("another-key-not-to-say");
    expect(refused.code).toBe(1);
    const silent = await examine({ ...env, OPENAI_BASE_URL: await startModels(404) }, ["--keys"]);
    expect(silent.said).toMatch(/note +openai: .* the key was not checked/);
  });

  it("finds the embedded PostgreSQL: missing, stopped and running", { timeout: 60_000 }, async () => {
    const folder = await emptyFolder();
    expect((await examine({}, [], folder)).said).toMatch(/ok +embedded: npm start will create it/);
    const server = await startEmbeddedPostgres({ dataDir: join(folder, "postgres"), log: quietLog() });
    const running = await examine({}, [], folder);
    expect(running.said).toMatch(/ok +embedded, in \S+\n/);
    // It was never migrated.
    expect(running.said).toMatch(/fault +its schema does not match this version/);
    await server.stop();
    const asleep = await examine({}, [], folder);
    expect(asleep.said).toMatch(/it was not running and was started for these checks/);
    expect(asleep.said).toMatch(/ok +PostgreSQL/);
    // It is not left running.
    const again = await startEmbeddedPostgres({ dataDir: join(folder, "postgres"), log: quietLog() });
    await again.stop();
  });

  it("prints its usage for unknown arguments", async () => {
    const { code, said } = await examine({}, ["--help"]);
    expect(said).toContain("npm run doctor -- --keys");
    expect(code).toBe(2);
  });
});

describe("clock check", () => {
  it.each([
    [0, "ok"],
    [1500, "ok"],
    [-60_000, "note"],
    [3_600_000, "note"],
  ])("that is %d ms away is %s", async (skewMs, state) => {
    const finding = await checkClock("Redis", async () => Date.now() + skewMs);
    expect(finding.state).toBe(state);
    expect(finding.text).toMatch(/differ by \d+ ms/);
  });
});

describe("secrets", () => {
  it("are hidden anywhere in a text", () => {
    const environment = readEnvironment({
      ...secrets,
      DATABASE_URL: "postgres://u:p%40ssword-x@h/d",
      TOKEN_SECRET: `${"a".repeat(40)},${"b".repeat(40)}`,
    });
    const text = `x ${secrets.OPENAI_API_KEY} p%40ssword-x p@ssword-x ${"b".repeat(40)} y`;
    expect(hideSecrets(text, environment)).toBe("x *** *** *** *** y");
  });
});
