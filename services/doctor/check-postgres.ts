import pg from "pg";
import { readProcessReports } from "../../shared/db/operators/process-reports.ts";
import { processVersion } from "../../shared/process/process-version.ts";
import { within } from "../../shared/async/within.ts";
import { describeError } from "../../shared/describe-error.ts";
import {
  encodingAdvice,
  isolationAdvice,
  readDatabaseState,
  readOnlyAdvice,
} from "../../shared/db/schema/database-state.ts";
import { isMigrated } from "../../shared/db/schema/is-migrated.ts";
import { isPooledByTransaction } from "../../shared/db/pooler.ts";
import { describeRefusal } from "../../shared/stores/store-refusal.ts";
import { connectionOptions } from "../../shared/postgres/connection-options.ts";
import type { DoctorEnvironment } from "./check-configuration.ts";
import { checkQueue } from "./check-queue.ts";
import { checkClock } from "./clock.ts";
import { type Finding, fault, note, ok } from "./findings.ts";

const connectTimeoutMs = 5000;
const queryTimeoutMs = 5000;
const notificationMs = 2000;
const oldestSupported = 14;
/** Connections that an API without Redis opens beside `DATABASE_CONNECTIONS`: for the queue, limits and live hints. */
const withoutRedis = 8 + 4 + 1;

interface Options extends Pick<DoctorEnvironment, "DATABASE_CONNECTIONS" | "DATABASE_POOLER"> {
  /** True if queue, drafts and hints are on Redis. */
  onRedis: boolean;
}

/** Checks that PostgreSQL answers, is suitable, and has the schema of this code. */
export async function checkPostgres(url: string, options: Options): Promise<Finding[]> {
  let client: pg.Client;
  try {
    client = makeClient(url);
    await client.connect();
  } catch (error) {
    const unknown = "check that it is running, and that host, user, password and database in DATABASE_URL are correct";
    const mend = describeRefusal(error)?.mend ?? unknown;
    return [fault(`${placeOf(url)} does not answer: ${describeError(error)}`, mend)];
  }
  try {
    return await runChecks(client, url, options);
  } finally {
    await client.end();
  }
}

/** Runs each check, whatever the others find. A failure that several have in common is reported once. */
async function runChecks(client: pg.Client, url: string, options: Options): Promise<Finding[]> {
  const checks = [
    () => checkServer(client, url),
    () => checkState(client, options),
    () => checkClock("PostgreSQL", () => readTime(client)),
    () => checkSchema(url),
    () => checkProcesses(client, url),
    ...(options.DATABASE_POOLER === "none" ? [() => checkConnections(client, options)] : []),
    () => checkSettings(client, url),
    () => checkWay(client, url, options),
    ...(options.onRedis ? [] : [() => checkQueueHere(url)]),
  ];
  const findings = new Map<string, Finding>();
  for (const check of checks) {
    const found = await check().catch((error: unknown) =>
      fault(`${placeOf(url)} answered, then failed: ${describeError(error)}`, describeRefusal(error)?.mend),
    );
    for (const finding of [found].flat()) findings.set(finding.text, finding);
  }
  return [...findings.values()];
}

/** The queue's tables are part of the schema, so without that there is nothing to check. */
async function checkQueueHere(url: string): Promise<Finding[]> {
  return (await isMigrated(url)) ? [await checkQueue({ databaseUrl: url, redisUrl: undefined })] : [];
}

function makeClient(url: string): pg.Client {
  const client = new pg.Client({
    ...connectionOptions(url),
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
  });
  client.on("error", () => undefined);
  return client;
}

async function checkServer(client: pg.Client, url: string): Promise<Finding> {
  const began = performance.now();
  const { number } = await one<{ number: number }>(
    client,
    `select current_setting('server_version_num')::int as number`,
  );
  const ms = (performance.now() - began).toFixed(1);
  const major = Math.floor(number / 10_000);
  const said = `PostgreSQL ${major}.${number % 10_000} at ${placeOf(url)} answers in ${ms} ms`;
  if (major < oldestSupported) return fault(said, `use PostgreSQL ${oldestSupported} or newer`);
  return ok(said);
}

/**
 * Checks that the database can hold every text and accepts writes. Behind a transaction pooler it also checks that
 * reads are isolated from concurrent writes.
 */
async function checkState(client: pg.Client, { DATABASE_POOLER }: Options): Promise<Finding[]> {
  const state = await readDatabaseState(client);
  const advices = [
    encodingAdvice(state),
    readOnlyAdvice(state),
    ...(DATABASE_POOLER === "transaction" ? [isolationAdvice(state)] : []),
  ].filter((advice) => advice !== undefined);
  if (advices.length > 0) return advices.map(({ text, mend }) => fault(text, mend));
  return [ok(`it accepts writes, and its encoding is ${state.encoding}`)];
}

async function readTime(client: pg.Client): Promise<number> {
  return (await one<{ ms: number }>(client, "select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms")).ms;
}

async function checkSchema(url: string): Promise<Finding> {
  if (await isMigrated(url)) return ok("its schema matches this version");
  return fault("its schema does not match this version", "run: npm run migrate");
}

/** Names the processes that run. Those of before are to be replaced soon: some features wait for it. */
async function checkProcesses(client: pg.Client, url: string): Promise<Finding[]> {
  if (!(await isMigrated(url))) return [];
  const processes = await readProcessReports(client);
  if (processes.length === 0) return [ok("no process of this version runs on it")];
  const said = processes.map(({ name, place, version }) => `${name} ${place} (version ${version})`).join(", ");
  const versions = new Set([processVersion, ...processes.map(({ version }) => version)]);
  if (versions.size === 1) return [ok(`running on it: ${said}`)];
  return [
    note(
      `processes of different versions run on it: ${said}`,
      `replace those that are not of version ${Math.max(...versions)}`,
    ),
  ];
}

async function checkConnections(client: pg.Client, { onRedis, DATABASE_CONNECTIONS }: Options): Promise<Finding> {
  const { most, others } = await one<{ most: number; others: number }>(
    client,
    `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most,
            (select count(*)::int from pg_stat_activity
             where backend_type = 'client backend' and datname is distinct from current_database()) as others`,
  );
  const each = DATABASE_CONNECTIONS + (onRedis ? 0 : withoutRedis);
  const processes = Math.floor((most - others) / each);
  const said = `room for ${processes} processes of up to ${each} connections (max_connections allows ${most}, other databases use ${others})`;
  if (processes >= 2) return ok(said);
  return fault(
    said,
    "raise max_connections or lower DATABASE_CONNECTIONS: an API and a worker need room for two processes",
  );
}

async function checkSettings(client: pg.Client, url: string): Promise<Finding[]> {
  const settings = await one<{ fsync: string; commit: string; encrypted: boolean | null }>(
    client,
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
            (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as encrypted`,
  );
  const findings: Finding[] = [];
  if (settings.fsync === "off" || settings.commit === "off") {
    const what = settings.fsync === "off" ? "fsync" : "synchronous_commit";
    findings.push(note(`${what} is off, so a power failure can lose accepted messages`, `set ${what} = on`));
  }
  if (settings.encrypted === false && !isLocal(url)) {
    findings.push(note("the connection to it is not encrypted", "add ?sslmode=verify-full to DATABASE_URL"));
  }
  return findings;
}

/** Detects a pooler on the way, and compares it with the configured one. */
async function checkWay(client: pg.Client, url: string, { onRedis, DATABASE_POOLER }: Options): Promise<Finding[]> {
  if (DATABASE_POOLER === "transaction") return [ok("it is behind a pooler, as DATABASE_POOLER says")];
  if (await isBehindPooler(url)) {
    return [
      fault(
        "DATABASE_URL leads to a pooler in transaction mode",
        "set DATABASE_POOLER=transaction and REDIS_URL, or point DATABASE_URL at PostgreSQL itself",
      ),
    ];
  }
  // Live hints need the same connection throughout.
  return onRedis ? [] : [await checkNotifications(client, url)];
}

async function isBehindPooler(url: string): Promise<boolean> {
  const pool = new pg.Pool({ ...connectionOptions(url), max: 2, connectionTimeoutMillis: connectTimeoutMs });
  pool.on("error", () => undefined);
  try {
    return await isPooledByTransaction(pool);
  } finally {
    await pool.end();
  }
}

async function checkNotifications(client: pg.Client, url: string): Promise<Finding> {
  const sender = makeClient(url);
  await sender.connect();
  try {
    const heard = new Promise<true>((resolve) => client.once("notification", () => resolve(true)));
    await client.query("listen parley_doctor");
    await sender.query("notify parley_doctor");
    if (await within(notificationMs, heard).catch(() => false)) return ok("notifications arrive");
    return fault(
      "notifications do not arrive, so replies would not be streamed",
      "point DATABASE_URL at PostgreSQL itself or at a pooler in session mode",
    );
  } finally {
    await sender.end();
  }
}

async function one<Row extends pg.QueryResultRow>(client: pg.Client, sql: string): Promise<Row> {
  const { rows } = await client.query<Row>(sql);
  const [row] = rows;
  if (!row) throw new Error("a query returned no row");
  return row;
}

/** The part of a URL that may be shown. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

function isLocal(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "" || hostname === "localhost" || hostname.startsWith("127.") || hostname === "[::1]";
}
