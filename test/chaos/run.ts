import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { checkAll, type CheckResult } from "./rules/checks.ts";
import { collectEvidence, type Evidence } from "./rules/evidence.ts";
import { Faults } from "./fault-injector.ts";
import { Journal } from "./run-log.ts";
import { onRedis } from "./stores/redis-client.ts";
import { type Backend, makePlan } from "./fault-plan.ts";
import { readRemains } from "./erasure-residue.ts";
import { maxGrowth, soak, type SoakedHeap } from "../soak/soak.ts";
import { SoakVisitor } from "../soak/soak-visitor.ts";
import { openStage, type Stage } from "./testbed.ts";
import { replyLimitMs } from "./faulty-provider.ts";
import { Visitor } from "./chaos-visitor.ts";

export interface ChaosOptions {
  backend: Backend;
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
  const journal = new Journal();
  const plan = makePlan(seed, minutes, backend);
  await using stage = await openStage({ backend, seed, stalls: minutes >= 1.5, journal });
  say(`${backend}: ${plan.length} faults in ${minutes} minutes, seed ${seed}; logs in ${stage.folder}`);

  const closing = new AbortController();
  const visitors = Array.from({ length: visitorCount }, (_, number) =>
    new Visitor(number + 1, seed, stage, journal).chat(closing.signal).catch((error: unknown) => {
      journal.breach(
        "the harness itself works",
        `visitor ${number + 1}: ${error instanceof Error ? error.stack : String(error)}`,
      );
    }),
  );
  const faults = new Faults(stage, journal);
  const watching = watchOurselves(journal);
  const sampling = setInterval(() => void sampleMemory(stage, journal), memoryEveryMs).unref();
  const began = Date.now();
  for (const fault of plan) {
    await sleep(Math.max(0, began + fault.atMs - Date.now()));
    say(`${((Date.now() - began) / 1000).toFixed(1)} s  ${fault.kind}, ${fault.target}, for ${fault.forMs} ms`);
    faults.begin(fault);
  }
  await sleep(Math.max(0, began + minutes * 60_000 - Date.now()));
  closing.abort();
  await faults.mended();
  stage.upstream.heal();
  const healedAt = Date.now();
  say(`${((healedAt - began) / 1000).toFixed(1)} s  all is mended`);

  await untilAnswered(stage, journal, healedAt);
  const followed = await Promise.race([
    Promise.all(visitors).then(() => true),
    sleep(healingMs, false, { ref: false }),
  ]);
  if (!followed) journal.breach("every follower hears of the end", `some did not within ${healingMs} ms of quiet`);
  await untilSettled(stage, healedAt);
  await untilAllListen(stage, journal);
  const heaps = await soakAll(stage, journal, options.soakChats);
  clearInterval(sampling);
  clearInterval(watching);
  journal.close();
  await checkProcesses(stage, journal);
  const evidence = await collectEvidence(stage, journal, healedAt);
  const results = checkAll(evidence);
  if (results.every(({ breaches }) => breaches.length === 0)) await rm(stage.folder, { recursive: true });
  return { ...options, evidence, results, heaps, folder: stage.folder };
}

/** Resolves when no job is open, or one has been at the head of its conversation for too long. */
async function untilAnswered({ pool }: Stage, journal: Journal, healedAt: number): Promise<void> {
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
      journal.breach("a job is answered within a lease and 10 s", "it was not, with everything well", id);
      return;
    }
    await sleep(500);
  }
  journal.breach("it becomes quiet", `jobs were open ${quietLimitMs} ms after everything was mended`);
}

/**
 * Waits for the end of leftover work: calls of dead workers are settled a lease later, and deleted data is erased
 * everywhere.
 */
async function untilSettled(stage: Stage, healedAt: number): Promise<void> {
  while (Date.now() < healedAt + erasingMs) {
    const { rowCount: unsettled } = await stage.pool.query("select from calls where settled_at is null limit 1");
    const remains = await readRemains(stage);
    if (unsettled === 0 && remains.length === 0) return;
    await sleep(500);
  }
}

/** Waits until each worker receives jobs. A worker deaf to the queue would go unnoticed while others work. */
async function untilAllListen({ redis, replicated, workers }: Stage, journal: Journal): Promise<void> {
  const [server] = redis ? [redis] : ((await replicated?.masters()) ?? []);
  if (server === undefined) return;
  const deadline = Date.now() + listenLimitMs;
  for (;;) {
    const [, blocked] =
      /^blocked_clients:(\d+)/m.exec(await onRedis(server.url, (client) => client.info("clients"))) ?? [];
    if (Number(blocked) === workers.length) return;
    if (Date.now() > deadline)
      return journal.breach("every worker waits at the queue", `${blocked} of ${workers.length} do`);
    await sleep(100);
  }
}

/** Runs many short chats on the processes that survived or restarted, to find memory retained per chat. */
async function soakAll(stage: Stage, journal: Journal, chats: number): Promise<SoakedHeap[]> {
  stage.upstream.hurry();
  const { apis, slots } = stage;
  const visitors = Array.from({ length: visitorCount }, (_, index) => apis[index % apis.length])
    .filter((api) => api !== undefined)
    .map(({ url }) => new SoakVisitor(url));
  try {
    const heaps = await soak({ chats, visitors, processes: slots });
    for (const { name, growth, quarters } of heaps) {
      if (growth > maxGrowth) {
        const sizes = quarters.map((bytes) => (bytes / 1e6).toFixed(1)).join(", ");
        journal.breach("what a process keeps stays level over many chats", `${name}: ${sizes} MB`);
      }
    }
    return heaps;
  } catch (error) {
    journal.breach("every chat of the soak is answered", String(error));
    return [];
  }
}

/** Records stalls of the harness: on a machine too busy for it, the product's behaviour cannot be judged. */
function watchOurselves(journal: Journal): NodeJS.Timeout {
  let last = Date.now();
  return setInterval(() => {
    const now = Date.now();
    if (now - last > lookEveryMs + lateMs) journal.heldUp.push({ from: last, to: now });
    last = now;
  }, lookEveryMs).unref();
}

async function sampleMemory({ slots }: Stage, journal: Journal): Promise<void> {
  for (const slot of slots) {
    const name = `${slot.name}/${slot.run}`;
    const { memoryMb } = (await slot.usage()) ?? {};
    if (memoryMb !== undefined) journal.memory.set(name, [...(journal.memory.get(name) ?? []), memoryMb]);
  }
}

async function checkProcesses({ slots, upstream }: Stage, journal: Journal): Promise<void> {
  if (upstream.fake.stats.inflight > 0) journal.breach("no call is left open", `${upstream.fake.stats.inflight} are`);
  await Promise.all(
    slots.map(async (slot) => {
      const usage = await slot.usage();
      if (usage) {
        const { memoryMb, sockets } = usage;
        journal.usage.push({ name: slot.name, memoryMb, sockets });
        if (memoryMb > memoryLimitMb) journal.breach("memory stays level", `${slot.name}: ${memoryMb} MB`);
        if (sockets > socketLimit) journal.breach("no connection is leaked", `${slot.name} has ${sockets} open`);
      }
      const { code, ms } = await slot.stop();
      if (code !== 0 || ms > endLimitMs) {
        journal.breach(
          "a process that is told to end does so",
          `${slot.name}: ${code} after ${ms} ms, with nothing to do`,
        );
      }
    }),
  );
}
