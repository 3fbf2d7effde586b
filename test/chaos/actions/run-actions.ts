import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { startFakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import { newestMessage } from "../../system/harness/scripted-provider.ts";
import { FaultInjector } from "../fault-injector.ts";
import type { ChaosBackend, FaultKind } from "../fault-plan.ts";
import type { FaultyProvider } from "../faulty-provider.ts";
import { Random } from "../random.ts";
import { RunLog } from "../run-log.ts";
import { type ChaosTestbed, openChaosTestbed } from "../testbed.ts";
import { checkActions, type LedgerAction, listUnknown } from "./check-actions.ts";
import { repeats, slowMs, startHostileShop } from "./hostile-shop.ts";
import { type AskedAction, ShopVisitor } from "./shop-visitor.ts";

export interface ActionsRun {
  /** Broken rules, a line each. */
  faults: string[];
  /** Actions by tool and state, and calls that left doubt. */
  summary: string;
  /** Actions of which nobody knows the outcome, a line each. */
  unknown: string[];
  /** Folder of the processes' logs; removed if nothing is wrong. */
  folder: string;
}

interface ActionsOptions {
  backend: ChaosBackend;
  seed: number;
  /** Number of visitors, each of whom asks for one action. */
  count: number;
}

const visitorsAtOnce = 20;
const leastFaults = 8;
const toolLimitMs = slowMs - 500;
/** Time in which an endpoint is asked what became of a call, with a lease and the reconciler's rounds. */
const settleMs = 120_000;
const kinds: readonly [FaultKind, ...FaultKind[]] = [
  "kill-worker",
  "kill-worker",
  "kill-worker",
  "kill-workers",
  "kill-api",
  "postgres-crash",
  "redis-empty",
  "redis-with-data",
  "lose-queue",
];

/** Faults longer than a lease: another run settles what the worker has sent, and then it resumes. They fit long runs. */
const longKinds: readonly FaultKind[] = ["zombie", "partition-worker"];
const longCount = 100;

/**
 * Has visitors confirm changes at a hostile shop while processes and stores are ended at random, and compares the product's
 * ledger with the shop's own.
 */
export async function runActions({ backend, seed, count }: ActionsOptions): Promise<ActionsRun> {
  const random = new Random(seed);
  const runLog = new RunLog();
  await using stack = new AsyncDisposableStack();
  const shop = stack.use(await startHostileShop(new Random(seed + 1)));
  const folder = stack.adopt(await writeConfig(shop.port), (path) => rm(path, { recursive: true, force: true }));
  const env = { FETCH_ALLOW_PRIVATE: "127.0.0.0/8", FETCH_PORTS: String(shop.port) };
  const upstream = await startShopModel();
  const testbed = stack.use(
    await openChaosTestbed({ backend, seed, stalls: false, runLog, upstream, config: { folder, env } }),
  );
  const faults = new FaultInjector(testbed, runLog);
  const asking = new AbortController();
  const breaking = breakParts(faults, {
    kinds: count < longCount ? kinds : [...kinds, ...longKinds],
    random,
    most: Math.max(leastFaults, count / 4),
    signal: asking.signal,
  });
  const visitor = new ShopVisitor(testbed.apis, random, runLog);
  const asked: AskedAction[] = [];
  let begun = 0;
  await Promise.all(
    Array.from({ length: visitorsAtOnce }, async () => {
      while (begun < count) asked.push(await visitor.act(String(++begun)));
    }),
  ).finally(() => asking.abort());
  await breaking;
  await faults.repaired();
  shop.heal();
  await untilSettled(testbed);
  const actions = await readLedger(testbed);
  const parts = ["postgres", ...testbed.workers.map(({ name }) => name)];
  const wasBroken = (from: number, to: number) => runLog.faultsOf(parts, from, to).length > 0;
  const evidence = { asked, actions, shop: shop.ledger, questions: shop.questions, wasBroken, wasShut: shop.wasShut };
  const wrong = [
    ...runLog.breaches.map(({ rule, detail, jobId = "" }) => `${rule}: ${detail} ${jobId}`),
    ...checkActions(evidence),
  ];
  if (wrong.length === 0) await rm(testbed.folder, { recursive: true });
  return {
    faults: wrong,
    summary: summarize(asked, actions, runLog),
    unknown: listUnknown(evidence),
    folder: testbed.folder,
  };
}

/**
 * A model that asks for what the visitor asks for, and tells what became of it. A call that is made at once is repeated once it
 * has its result.
 */
async function startShopModel(): Promise<FaultyProvider> {
  const fake = await startFakeProvider({
    script: ({ messages }) => {
      const [, order, repeat, atOnce] =
        /^Cancel order (\d+) by (\w+)( at once)?$/.exec(newestMessage(messages) ?? "") ?? [];
      const results = messages.filter(({ role }) => role === "tool").length;
      if (order === undefined || results > 1) return { steps: ["So it is."] };
      const call = { name: `${atOnce ? "unasked" : "cancel"}_${repeat}`, arguments: JSON.stringify({ order }) };
      return { steps: [atOnce ? "One moment." : "Please confirm.", { call }] };
    },
  });
  return { fake, replies: new Map(), heal: () => undefined, hurry: () => undefined };
}

/** @returns a folder with the shipped configuration, and the shop's tools */
async function writeConfig(port: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-actions-"));
  const shipped = fileURLToPath(new URL("../../../config", import.meta.url));
  await cp(shipped, join(folder, "config"), { recursive: true });
  const path = join(folder, "config/assistants.json");
  const file = JSON.parse(await readFile(path, "utf8")) as { assistants: { default: object } };
  file.assistants.default = { ...file.assistants.default, tools: repeats.flatMap((repeat) => toolsOf(repeat, port)) };
  await writeFile(path, JSON.stringify(file));
  return folder;
}

/** The same change twice: confirmed on a card, and made at once. */
function toolsOf(repeat: (typeof repeats)[number], port: number) {
  const shop = `http://127.0.0.1:${port}`;
  const tool = {
    name: `cancel_${repeat}`,
    description: "Cancels an order",
    parameters: { type: "object", properties: { order: { type: "string" } }, required: ["order"] },
    effect: "change",
    request: { method: "POST", url: `${shop}/cancel/${repeat}/{order}`, body: { order: "{order}" } },
    ...(repeat === "key" && { repeat }),
    ...(repeat === "status" && { status: { url: `${shop}/status/${repeat}/{order}` } }),
    card: { title: "Cancel order {order}", lines: [{ label: "Order", value: "{order}" }] },
    result: "Order {order} is cancelled.",
    timeoutMs: toolLimitMs,
  };
  return [tool, { ...tool, name: `unasked_${repeat}`, confirm: "never" }];
}

interface BreakOptions {
  kinds: readonly [FaultKind, ...FaultKind[]];
  random: Random;
  most: number;
  signal: AbortSignal;
}

/** Ends one part after another, with time between them in which something can go on. */
async function breakParts(faults: FaultInjector, { kinds: picked, random, most, signal }: BreakOptions): Promise<void> {
  for (let made = 0; made < most; made += 1) {
    await sleep(random.between(500, 2000), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const kind = random.pick(picked);
    const forMs = longKinds.includes(kind) ? random.between(16_200, 19_000) : random.between(100, 800);
    faults.begin({ kind, target: random.between(0, 5), forMs, atMs: 0 });
    await faults.repaired();
  }
}

async function untilSettled({ pool }: ChaosTestbed): Promise<void> {
  for (const until = performance.now() + settleMs; performance.now() < until; await sleep(500)) {
    const { rows } = await pool.query(
      `select from actions where state in ('confirmed', 'sent')
       union all select from conversations where handoff_due is not null limit 1`,
    );
    if (rows.length === 0) return;
  }
}

async function readLedger({ pool }: ChaosTestbed): Promise<LedgerAction[]> {
  const { rows } = await pool.query<LedgerAction>(
    `select id, tool, state, extract(epoch from sent_at)::float8 * 1000 as "sentMs",
            extract(epoch from ended_at)::float8 * 1000 as "endedMs",
            exists (select from stretches where stretches.conversation_id = actions.conversation_id
                    and reason = 'unknown-action') as "handedOver"
     from actions`,
  );
  return rows;
}

function summarize(asked: readonly AskedAction[], actions: readonly LedgerAction[], runLog: RunLog): string {
  const counted = Map.groupBy(actions, ({ tool, state }) => `${tool} ${state}`);
  const broken = Map.groupBy(runLog.faultRecords, ({ kind }) => kind);
  return `${asked.length} visitors, ${actions.length} actions: ${listCounts(counted)}\n${listCounts(broken)}`;
}

function listCounts(groups: ReadonlyMap<string, readonly unknown[]>): string {
  return [...groups]
    .map(([name, { length }]) => `${name} ${length}`)
    .toSorted()
    .join(", ");
}
