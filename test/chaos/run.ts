import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { checkAll, type CheckResult } from "./rules/checks.ts";
import { collectEvidence, type Evidence } from "./rules/evidence.ts";
import { FaultInjector } from "./fault-injector.ts";
import { RunLog } from "./run-log.ts";
import { withRedisClient } from "./stores/redis-client.ts";
import { type ChaosBackend, makePlan, planKnowledgeKills } from "./fault-plan.ts";
import { findErasureResidue } from "./erasure-residue.ts";
import { maxGrowthOf, soak, type SoakedHeap } from "../soak/soak.ts";
import { SoakVisitor } from "../soak/soak-visitor.ts";
import { openChaosTestbed, type ChaosTestbed } from "./testbed.ts";
import { replyLimitMs } from "./faulty-provider.ts";
import { ChaosVisitor } from "./chaos-visitor.ts";
import { startOwners } from "./knowledge/chaos-owner.ts";
import { isKnowledgeSettled } from "./knowledge/passage-history.ts";
import { endReadings, openDesk } from "./people/desk.ts";

export interface ChaosOptions {
  backend: ChaosBackend;
  seed: number;
  minutes: number;
  /** Number of chats after the recovery, which show if memory stays level. */
  soakChats: number;
  /** Receives progress messages. */
  say: (line: string) => void;
}

export interface ChaosRun extends ChaosOptions {
  evidence: Evidence;
  results: CheckResult[];
  heaps: SoakedHeap[];
  /** Folder of the processes' logs; removed if all rules held. */
  folder: string;
}

const visitorCount = 20;
/** A lease plus ten seconds: maximum wait at the head of a conversation after the recovery. */
const healingMs = 25_000;
/** A deletion reaches every store within two minutes of all being up. */
const erasingMs = 120_000;
const quietLimitMs = 150_000;
/** Memory limit of one process, whatever faults it had. */
const memoryLimitMb = 300;
const memoryEveryMs = 5000;
const lookEveryMs = 50;
const lateMs = 300;
/** Socket limit: its full pools, Redis, and short-lived connections of visitors and the provider. */
const socketLimit = 100;
const endLimitMs = 10_000;
/** BullMQ allows a connection to a Cluster 30 s to recover, whatever its state. */
const listenLimitMs = 35_000;

/** Breaks all parts while visitors chat, repairs them, waits for quiet, and checks the run against the rules. */
export async function runChaos(options: ChaosOptions): Promise<ChaosRun> {
  const { backend, seed, minutes, say } = options;
  const runLog = new RunLog();
  const planned = [...makePlan(seed, minutes, backend), ...planKnowledgeKills(seed, minutes)];
  const plan = planned.toSorted((a, b) => a.atMs - b.atMs);
  await using testbed = await openChaosTestbed({ backend, seed, stalls: minutes >= 1.5, runLog });
  say(`${backend}: ${plan.length} faults in ${minutes} minutes, seed ${seed}; logs in ${testbed.folder}`);

  const closing = new AbortController();
  const visitors = Array.from({ length: visitorCount }, (_, number) =>
    new ChaosVisitor(number + 1, seed, testbed, runLog).chat(closing.signal).catch((error: unknown) => {
      runLog.breach(
        "the harness itself works",
        `visitor ${number + 1}: ${error instanceof Error ? error.stack : String(error)}`,
      );
    }),
  );
  const desk = await openDesk(testbed, { seed, runLog, signal: closing.signal });
  const owners = startOwners({ testbed, seed, runLog, key: desk.team[0]?.key ?? "" }, closing.signal);
  const faults = new FaultInjector(testbed, runLog);
  const watching = watchHarness(runLog);
  const sampling = setInterval(() => void sampleMemory(testbed, runLog), memoryEveryMs).unref();
  const began = Date.now();
  for (const fault of plan) {
    await sleep(Math.max(0, began + fault.atMs - Date.now()));
    say(`${((Date.now() - began) / 1000).toFixed(1)} s  ${fault.kind}, ${fault.target}, for ${fault.forMs} ms`);
    faults.begin(fault);
  }
  await sleep(Math.max(0, began + minutes * 60_000 - Date.now()));
  closing.abort();
  await faults.repaired();
  testbed.upstream.heal();
  const healedAt = Date.now();
  say(`${((healedAt - began) / 1000).toFixed(1)} s  all faults repaired`);

  // They give conversations back to the assistant: jobs begin by it.
  if (!(await inTime(desk.left, replyLimitMs + healingMs)))
    runLog.breach("operators' requests are answered", `some were not within ${replyLimitMs + healingMs} ms`);
  await untilAnswered(testbed, runLog, healedAt);
  if (!(await inTime(Promise.all(visitors), healingMs)))
    runLog.breach("every follower receives the end", `some did not within ${healingMs} ms of the last end`);
  if (!(await inTime(owners, healingMs))) runLog.breach("owners' requests are answered", "some were not");
  await endReadings(testbed, runLog);
  await untilSettled(testbed, healedAt);
  await untilWorkersWait(testbed, runLog);
  // The soak has a load of its own, and looks at the heap: its memory beside that of the quiet before it is no trend.
  clearInterval(sampling);
  const heaps = await soakAll(testbed, runLog, options.soakChats);
  clearInterval(watching);
  runLog.close();
  await checkProcesses(testbed, runLog);
  const evidence = await collectEvidence(testbed, runLog, healedAt);
  const results = checkAll(evidence);
  if (results.every(({ breaches }) => breaches.length === 0)) await rm(testbed.folder, { recursive: true });
  return { ...options, evidence, results, heaps, folder: testbed.folder };
}

async function inTime(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  return Promise.race([work.then(() => true), sleep(limitMs, false, { ref: false })]);
}

/** Resolves when no job is open, or one has been at the head of its conversation for too long. */
async function untilAnswered({ pool }: ChaosTestbed, runLog: RunLog, healedAt: number): Promise<void> {
  const heads = new Map<string, number>();
  while (Date.now() < healedAt + quietLimitMs) {
    const { rows } = await pool.query<{ id: string }>(
      "select open_jobs[1] as id from conversations where cardinality(open_jobs) > 0",
    );
    // A visitor may still be about to send a message already begun.
    if (rows.length === 0 && Date.now() > healedAt + 3000) return;
    for (const { id } of rows) {
      const since = heads.get(id) ?? Date.now();
      heads.set(id, since);
      if (Date.now() - since < healingMs + replyLimitMs) continue;
      runLog.breach(
        "the first job of a conversation ends within a lease and 10 s of recovery",
        "still open with all parts healthy",
        id,
      );
      return;
    }
    await sleep(500);
  }
  runLog.breach("all jobs end after recovery", `jobs were open ${quietLimitMs} ms after the last repair`);
}

/**
 * Waits for the end of leftover work: calls of dead workers are settled a lease later, deleted data is erased
 * everywhere, and sources are read.
 */
async function untilSettled(testbed: ChaosTestbed, healedAt: number): Promise<void> {
  while (Date.now() < healedAt + erasingMs) {
    const { rowCount: unsettled } = await testbed.pool.query("select from calls where settled_at is null limit 1");
    const remains = await findErasureResidue(testbed);
    if (unsettled === 0 && remains.length === 0 && (await isKnowledgeSettled(testbed.pool))) return;
    await sleep(500);
  }
}

/** Waits until each worker receives jobs. A worker deaf to the queue would go unnoticed while others work. */
async function untilWorkersWait({ redis, replicated, workers }: ChaosTestbed, runLog: RunLog): Promise<void> {
  const servers = redis ? [redis] : await replicated?.masters();
  if (servers === undefined) return;
  // The process that reads knowledge has a queue of its own, on any server of a Cluster.
  const waiting = workers.length + 1;
  const deadline = Date.now() + listenLimitMs;
  for (;;) {
    const infos = await Promise.all(servers.map(({ url }) => withRedisClient(url, (client) => client.info("clients"))));
    const blocked = infos.reduce((sum, info) => sum + Number(/^blocked_clients:(\d+)/m.exec(info)?.[1]), 0);
    if (blocked === waiting) return;
    if (Date.now() > deadline) return runLog.breach("every worker waits at the queue", `${blocked} of ${waiting} do`);
    await sleep(100);
  }
}

/** Runs many short chats on the processes that survived or restarted, to find memory retained per chat. */
async function soakAll(testbed: ChaosTestbed, runLog: RunLog, chats: number): Promise<SoakedHeap[]> {
  testbed.upstream.hurry();
  const { apis, processes } = testbed;
  const visitors = Array.from({ length: visitorCount }, (_, index) => apis[index % apis.length])
    .filter((api) => api !== undefined)
    .map(({ url }) => new SoakVisitor(url));
  try {
    const heaps = await soak({ chats, visitors, processes: processes });
    for (const { name, growth, quarters } of heaps) {
      if (growth > maxGrowthOf(chats)) {
        const sizes = quarters.map((bytes) => (bytes / 1e6).toFixed(1)).join(", ");
        runLog.breach("heap stays level over many chats", `${name}: ${sizes} MB`);
      }
    }
    return heaps;
  } catch (error) {
    runLog.breach("every chat of the soak is answered", String(error));
    return [];
  }
}

/** Records stalls of the harness: on a machine too busy for it, the product's behaviour cannot be judged. */
function watchHarness(runLog: RunLog): NodeJS.Timeout {
  let last = Date.now();
  return setInterval(() => {
    const now = Date.now();
    if (now - last > lookEveryMs + lateMs) runLog.stalls.push({ from: last, to: now });
    last = now;
  }, lookEveryMs).unref();
}

async function sampleMemory({ processes }: ChaosTestbed, runLog: RunLog): Promise<void> {
  for (const managed of processes) {
    const name = `${managed.name}/${managed.run}`;
    const { memoryMb } = (await managed.usage()) ?? {};
    if (memoryMb !== undefined) runLog.memory.set(name, [...(runLog.memory.get(name) ?? []), memoryMb]);
  }
}

async function checkProcesses({ processes, upstream }: ChaosTestbed, runLog: RunLog): Promise<void> {
  if (upstream.fake.stats.inflight > 0) runLog.breach("no call is left open", `${upstream.fake.stats.inflight} are`);
  await Promise.all(
    processes.map(async (managed) => {
      const usage = await managed.usage();
      if (usage) {
        const { memoryMb, sockets } = usage;
        runLog.usage.push({ name: managed.name, memoryMb, sockets });
        if (memoryMb > memoryLimitMb) runLog.breach("memory stays below its limit", `${managed.name}: ${memoryMb} MB`);
        if (sockets > socketLimit) runLog.breach("no connection is leaked", `${managed.name} has ${sockets} open`);
      }
      const { code, ms } = await managed.stop();
      if (code !== 0 || ms > endLimitMs) {
        runLog.breach("a process shuts down on SIGTERM", `${managed.name}: ${code} after ${ms} ms, idle`);
      }
    }),
  );
}
