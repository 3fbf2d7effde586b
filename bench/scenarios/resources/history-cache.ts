import { closedLoop, type Loop } from "../../clients/closed-loop.ts";
import { HttpConnection } from "../../clients/http-connection.ts";
import { follow, submit, type SubmitAcceptance } from "../../clients/visitors.ts";
import type { Figure } from "../../figure.ts";
import { interleave, pick } from "../../interleave.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { type Parley, startParley } from "../../testbed/parley.ts";
import { cpuMsOfChildren } from "../../testbed/measured-process.ts";
import { realPace } from "../../testbed/provider.ts";
import { HistoryReaders, makeReadable, type Readable } from "../throughput/read-histories.ts";

const clients = 16;
/** Long enough for a CPU time that the kernel counts in hundredths of a second. */
const roundMs = 1000;
/** Warm-up: compiled code, and every conversation cached. */
const warmUpMs = 3000;
const conversations = 200;
/** Returning visitors, and what each of them does: see `visit`. */
const visitors = 8;
const visitsEach = 3;
const metricsToken = "a-token-that-only-the-bench-knows";

export const historyCacheScenario: Scenario = {
  name: "history-cache",
  about:
    "what reading a cached conversation costs beside an uncached one, and how often returning visitors find it cached",
  needsRedis: true,
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const [parley, uncached] = await Promise.all([
      startParley(bench.testbed, { backend: "redis", env: { METRICS_TOKEN: metricsToken } }),
      startParley(bench.testbed, { backend: "redis", worker: false, env: { HISTORY_CACHE_TTL_SECONDS: "0" } }),
    ]);
    stack.use(parley);
    stack.use(uncached);
    const figures: Figure[] = [];
    for (const messages of [20, 100]) figures.push(...(await measureReads(bench, { parley, uncached }, messages)));
    return [...figures, await measureHits(bench, parley)];
  },
};

interface ReadRound extends Loop<void> {
  apiMsEach: number;
  postgresMsEach: number;
}

async function measureReads(bench: Bench, both: Record<"parley" | "uncached", Parley>, messages: number) {
  await using stack = new AsyncDisposableStack();
  const open = async (parley: Parley) => {
    const readables = await makeReadable(parley, { messages, count: conversations });
    const readers = stack.adopt(new HistoryReaders(parley.origin, readables, clients), (each) => each.close());
    return (ms: number) => measureRound(bench, parley, () => readers.read(ms));
  };
  const [cached, plain] = [await open(both.parley), await open(both.uncached)];
  const turns = (ms: number) => ({ parley: () => cached(ms), uncached: () => plain(ms) });
  await interleave(turns(bench.ms(warmUpMs)), 1);
  const results = await interleave(turns(bench.ms(roundMs)), bench.rounds);
  const shown = `history, ${messages === 100 ? "newest 50 of 100" : messages} messages`;
  const read = (id: string, what: string, number: (round: ReadRound) => number, limit?: number): Figure => ({
    id: `history-cache/${id}-${messages}`,
    what: `${shown}: ${what}`,
    unit: "µs",
    better: "less",
    values: pick(results, (round) => number(round) * 1000),
    targets: limit === undefined ? [] : [{ contender: "parley", limit, of: "uncached" }],
  });
  return [
    read("api", "CPU of the API for a read", ({ apiMsEach }) => apiMsEach, 0.5),
    read("postgres", "CPU of PostgreSQL for a read", ({ postgresMsEach }) => postgresMsEach),
    read("both", "CPU of both", ({ apiMsEach, postgresMsEach }) => apiMsEach + postgresMsEach, 0.5),
  ];
}

async function measureRound({ testbed }: Bench, { api }: Parley, read: () => Promise<Loop<void>>): Promise<ReadRound> {
  const cpu = () => ({ api: api.usage().cpuMs, postgres: cpuMsOfChildren(testbed.postgresPid) });
  const before = cpu();
  const loop = await read();
  const after = cpu();
  const each = (ms: number) => ms / loop.results.length;
  return { ...loop, apiMsEach: each(after.api - before.api), postgresMsEach: each(after.postgres - before.postgres) };
}

/** Share of reads that are served from Redis, over the visits of all visitors. */
async function measureHits(bench: Bench, { origin }: Parley): Promise<Figure> {
  await bench.testbed.provider.pace(realPace);
  const connections = Array.from({ length: visitors }, () => new HttpConnection(origin));
  try {
    const [first] = connections;
    const known = await Promise.all(connections.map((connection) => visit(connection)));
    const before = await countReads(first);
    for (let time = 0; time < visitsEach; time += 1) {
      await closedLoop([...connections.entries()], ([place, connection]) => visit(connection, known[place]), { ms: 0 });
    }
    const after = await countReads(first);
    const counted = (result: string) => (after.get(result) ?? 0) - (before.get(result) ?? 0);
    const all = ["hit", "miss", "error"].reduce((total, result) => total + counted(result), 0);
    return {
      id: "history-cache/hits",
      what: "reads of returning visitors that Redis serves: five pages a visit, one message and its reply on the third",
      unit: "",
      better: "more",
      values: { parley: [counted("hit") / all] },
      targets: [{ contender: "parley", limit: 0.8 }],
    };
  } finally {
    await Promise.all(connections.map((connection) => connection.destroy()));
  }
}

/**
 * Five pages of a site, on each of which the widget reads the conversation and its history. On the third one the
 * visitor sends a message, and reads the reply to its end. One read of ten can only miss.
 */
async function visit(connection: HttpConnection, known?: SubmitAcceptance): Promise<SubmitAcceptance> {
  const began = performance.now();
  const before = known ? [known, known, known] : [];
  for (const page of before) await openPage(connection, page);
  const accepted = await submit(connection, known);
  await follow(began, connection, accepted.links.events, accepted.token);
  for (let page = 0; page < 2; page += 1) await openPage(connection, accepted);
  return accepted;
}

async function openPage(connection: HttpConnection, { conversationId, token }: SubmitAcceptance): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const reads: Readable[] = [`/api/conversations/${conversationId}`, `/api/chat/history/${conversationId}`].map(
    (path) => ({ path, headers }),
  );
  for (const read of reads) {
    const { status } = await connection.request(read);
    if (status !== 200) throw new Error(`${read.path}: ${status}`);
  }
}

async function countReads(connection: HttpConnection | undefined): Promise<Map<string, number>> {
  const headers = { authorization: `Bearer ${metricsToken}` };
  const { text = "" } = (await connection?.request({ path: "/metrics", headers })) ?? {};
  const lines = text.matchAll(/^parley_history_cache_reads_total\{result="(\w+)"\} (\d+)/gm);
  return new Map([...lines].map(([, result = "", count]) => [result, Number(count)]));
}
