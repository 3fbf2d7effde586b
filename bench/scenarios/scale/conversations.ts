import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { createTokens } from "../../../services/api/access/tokens.ts";
import { addKey } from "../../../shared/db/desk/operator-keys.ts";
import { hashOfKey, makeOperatorKey } from "../../../shared/operator-key.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { HttpConnection } from "../../clients/http-connection.ts";
import { inParallel, openReader, type Reader } from "../../clients/open-streams.ts";
import { submit } from "../../clients/visitors.ts";
import type { Figure } from "../../figure.ts";
import { percentile, sum } from "../../statistics.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { insertAnswered } from "../../testbed/insert-rows.ts";
import { benchTokenSecret, type Parley, startParley } from "../../testbed/parley.ts";
import { countStatements } from "../../testbed/count-statements.ts";
import { noDelay } from "../../testbed/provider.ts";

const streams = { usual: 2000, full: 9000 };
/** Streams whose events are timed, beside the idle ones. */
const timed = 200;
/** Operators who look at all conversations; the events of one in ten are timed, or the meter would cost more than they do. */
const consoles = 200;
const timedConsoles = 20;
const openedAtOnce = 50;
const repliesASecond = 50;
const settleMs = 1500;
const idleMs = 10_000;
const watchMs = 4000;

export const conversationsScenario: Scenario = {
  name: "conversations",
  about:
    "event streams of conversations: what an idle one costs, and from an event to readers and consoles beside 50 replies a second",
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const parley = await startParley(bench.testbed, { backend: "postgres", countStatements: true });
    stack.use(parley);
    const chats = await answeredChats(parley, bench.full ? streams.full : streams.usual);
    const readers: Reader[] = [];
    stack.defer(async () => {
      await Promise.all(readers.map((reader) => reader.close()));
    });
    const meters: Meters = { readers: new EventMeter(), consoles: new EventMeter() };
    const follow = async (count: number) => {
      await inParallel(count, openedAtOnce, async () => {
        const chat = chats[readers.length] ?? { path: "/" };
        const reader = openReader(parley.origin, chat, (text) => meters.readers.hear(text));
        readers.push(reader);
        await reader.begun;
      });
      await sleep(settleMs);
    };
    await follow(timed);
    const before = { statements: await idleStatements(parley), memoryMb: parley.api.usage().memoryMb };
    await follow(chats.length - timed);
    const after = { statements: await idleStatements(parley), memoryMb: parley.api.usage().memoryMb };
    readers.push(...(await openConsoles(parley, (text) => meters.consoles.hear(text))));
    await bench.testbed.provider.pace(noDelay);
    const measure = () => delays(bench, { parley, chats: chats.slice(0, timed), meters });
    const alone = await measure();
    const beside = await besideOpenTransaction(bench, measure);
    return [...figuresOfIdle({ before, after, added: chats.length - timed }), ...figuresOfDelay({ alone, beside })];
  },
};

interface Idle {
  statements: number;
  memoryMb: number;
}

/** Figures of the streams that were added between two looks. */
function figuresOfIdle({ before, after, added }: { before: Idle; after: Idle; added: number }): Figure[] {
  const minutes = idleMs / 60_000;
  return [
    {
      id: "conversations/memory",
      what: `memory per idle stream of a conversation, of ${added}`,
      unit: "KB",
      better: "less",
      values: { parley: [((after.memoryMb - before.memoryMb) * 1024) / added] },
      targets: [{ contender: "parley", limit: 25 }],
    },
    {
      id: "conversations/statements",
      what: `statements per idle stream and minute, of ${added}`,
      unit: "",
      better: "less",
      values: { parley: [Math.max(0, after.statements - before.statements) / minutes / added] },
      targets: [{ contender: "parley", limit: 0.1 }],
    },
  ];
}

function figuresOfDelay({ alone, beside }: { alone: Delays; beside: Delays }): Figure[] {
  const load = `beside ${repliesASecond} replies a second and ${consoles} consoles`;
  const open = "the same, while another database of the server holds a writing transaction open";
  return [
    delay("delay", `from an event to its reader, p99, ${load}`, alone.readers),
    delay("delay-beside", open, beside.readers),
    delay("delay-consoles", `from an event to the consoles, p99, ${load}`, alone.consoles),
    delay("delay-consoles-beside", open, beside.consoles),
  ];
}

/** @param values p99 in milliseconds, one per round */
function delay(id: string, what: string, values: number[]): Figure {
  const targets: Figure["targets"] = [{ contender: "parley", limit: 250 }];
  return { id: `conversations/${id}`, what, unit: "ms", better: "less", values: { parley: values }, targets };
}

interface Chat {
  conversationId: string;
  token: string;
  path: string;
}

async function answeredChats({ pool }: Parley, count: number): Promise<Chat[]> {
  const ids = await insertAnswered(pool, { conversations: count, turns: 1, wanted: count });
  const tokens = createTokens([benchTokenSecret]);
  return Promise.all(
    ids.map(async (conversationId) => ({
      conversationId,
      token: await tokens.sign(conversationId),
      path: `/api/conversations/${conversationId}/events?after=0`,
    })),
  );
}

/** Consoles that look at the inbox, each on a stream of its own. */
async function openConsoles({ pool, origin }: Parley, hear: (text: string) => void): Promise<Reader[]> {
  const token = makeOperatorKey();
  const keyHash = hashOfKey(token);
  if (!keyHash) throw new Error("a new key has no hash");
  await addKey(pool, { siteId: defaultSite, name: "Bench", role: "operator", keyHash, days: 1 });
  const path = "/api/operator/inbox/events?after=none";
  return inParallel(consoles, openedAtOnce, async (place) => {
    const reader = openReader(origin, { path, token }, place < timedConsoles ? hear : () => undefined);
    await reader.begun;
    return reader;
  });
}

interface Meters {
  readers: EventMeter;
  consoles: EventMeter;
}

/** p99 in milliseconds, one per round. */
interface Delays {
  readers: number[];
  consoles: number[];
}

/** Measures the age of events at their arrival, in milliseconds; the database runs on the same clock. */
class EventMeter {
  #lags: number[] | undefined;

  begin(): void {
    this.#lags = [];
  }

  hear(text: string): void {
    const now = Date.now();
    for (const [, at] of text.matchAll(/^event: job\n.*"at":"([^"]+)"/gm)) this.#lags?.push(now - Date.parse(at ?? ""));
  }

  end(): number[] {
    const lags = this.#lags ?? [];
    this.#lags = undefined;
    return lags;
  }
}

/** @returns statements in a while in which nothing happens, without the looks at the log, whose number is the process's */
async function idleStatements({ pool }: Parley): Promise<number> {
  const counts = await countStatements(pool, () => sleep(idleMs));
  return sum([...counts].filter(([query]) => !query.includes("event_tail")).map(([, calls]) => calls));
}

async function delays(
  bench: Bench,
  { parley, chats, meters }: { parley: Parley; chats: readonly Chat[]; meters: Meters },
): Promise<Delays> {
  const connections = Array.from({ length: 16 }, () => new HttpConnection(parley.origin));
  const values: Delays = { readers: [], consoles: [] };
  let sent = 0;
  for (let round = 0; round < bench.rounds; round += 1) {
    meters.readers.begin();
    meters.consoles.begin();
    const until = performance.now() + bench.ms(watchMs);
    const each = async (connection: HttpConnection) => {
      while (performance.now() < until) {
        const chat = chats[sent++ % chats.length];
        if (chat) await submit(connection, chat);
        await sleep((connections.length * 1000) / repliesASecond);
      }
    };
    await Promise.all(connections.map(each));
    await sleep(settleMs);
    values.readers.push(percentile(meters.readers.end(), 0.99));
    values.consoles.push(percentile(meters.consoles.end(), 0.99));
  }
  await Promise.all(connections.map((connection) => connection.destroy()));
  return values;
}

/** Measures while another database of the server has a writing transaction open. */
async function besideOpenTransaction<Value>(bench: Bench, measure: () => Promise<Value>): Promise<Value> {
  const other = new pg.Client({ connectionString: await bench.testbed.createDatabase("empty") });
  await other.connect();
  try {
    await other.query("begin");
    await other.query("create table written (id int)");
    return await measure();
  } finally {
    await other.end();
  }
}
