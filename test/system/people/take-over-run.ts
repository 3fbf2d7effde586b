import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { JobRef } from "../harness/api-client.ts";
import { ApiClient } from "../harness/api-client.ts";
import type { JobEventStream } from "../harness/event-stream.ts";
import { readRedisKey, withRedis } from "../harness/find-text.ts";
import { OperatorClient } from "../harness/operator-client.ts";
import type { Product } from "../harness/product.ts";
import { furthest, numberedReply, upTo } from "./numbered-words.ts";

/** Moments of a reply at which a person takes over. */
export const points = ["any time", "before the first text", "at a delta", "in a restart", "while storing"] as const;
export type Point = (typeof points)[number];

/** Traces of one take-over, and the faults in them. */
export interface TakeOverResult {
  point: string;
  mark: string;
  /** Text that the assistant was left with; undefined: none. */
  stored: string | undefined;
  /** True if the reply was cut, not whole and not absent. */
  cut: boolean;
  breaches: string[];
}

interface Reader {
  name: string;
  stream: JobEventStream;
  /** Everything it was ever sent, also what a `reset` withdrew. */
  log: () => string;
}

/** Lets a reply be written, takes the conversation over at a moment, and compares what everybody saw with what is stored. */
export async function takeOverOnce(
  product: Product,
  point: Point,
  { before = async () => undefined }: { before?: () => Promise<unknown> } = {},
): Promise<TakeOverResult> {
  const mark = randomBytes(5).toString("hex");
  const question = `Say ${mark}`;
  const { provider } = product;
  provider.answer(question, ...scriptsFor(mark, point));
  const chat = await product.client.submit(question);
  const readers = await Promise.all(product.apis.map((api, index) => openReader(`stream ${index}`, api.url, chat)));
  const polling = poll(product, chat);
  await untilMoment(point, readers[0], provider.called(question));
  await before();
  const operator = new OperatorClient(product.apis.at(-1)?.url ?? "");
  await operator.take(chat.conversationId);
  await Promise.all(readers.map(({ stream }) => stream.ended));
  const polls = await polling();
  const stored = await settledText(product, chat);
  const kept = { mark, point, stored };
  const breaches = readers.flatMap(({ name, stream, log }) => [
    ...(stream.text === (stored ?? "") ? [] : [`${name} ended with other text than is stored`]),
    ...beyond(name, kept, log()),
  ]);
  breaches.push(...beyond("polls", kept, polls), ...(await doubles(product, chat)));
  const whole = stored !== undefined && point === "while storing" && stored.endsWith(`.${shortWords} `);
  return { point, mark, stored, cut: stored !== undefined && !whole, breaches };
}

const longWords = 400;
const shortWords = 30;

function scriptsFor(mark: string, point: Point) {
  if (point === "before the first text")
    return [numberedReply(mark, 1, { words: longWords, everyMs: 5, firstMs: 150 })];
  if (point === "while storing") return [numberedReply(mark, 1, { words: shortWords, everyMs: 3 })];
  const pace = { words: longWords, everyMs: 5 };
  if (point !== "in a restart") return [numberedReply(mark, 1, pace)];
  return [numberedReply(mark, 1, { ...pace, breaksAfter: 30 }), numberedReply(mark, 2, pace)];
}

/** Enough of a reply that a cut of it means something. */
const enoughBytes = 100;

async function untilMoment(point: Point, reader: Reader | undefined, called: Promise<unknown>): Promise<void> {
  if (!reader) throw new Error("there is a reader");
  const { stream } = reader;
  await called;
  if (point === "before the first text") return upTo(160);
  if (point === "in a restart") {
    await stream.until(({ names }) => names.includes("reset"));
    return upTo(100);
  }
  await stream.until(({ text }) => Buffer.byteLength(text) > enoughBytes);
  if (point === "any time") return upTo(600);
  if (point === "while storing") {
    await stream.until(({ text, terminal }) => terminal !== undefined || text.includes(`.${shortWords / 2} `));
    return upTo(100);
  }
  // The next delta, at once.
  const { length } = stream.text;
  await stream.until(({ text }) => text.length > length);
}

async function openReader(name: string, url: string, chat: JobRef): Promise<Reader> {
  const stream = await new ApiClient(url).events(chat);
  return {
    name,
    stream,
    log: () =>
      stream
        .of("delta")
        .map(({ text }) => text)
        .join(""),
  };
}

/** Polls a job until told to stop; returns all text that it was shown. */
function poll(product: Product, chat: JobRef): () => Promise<string> {
  const stopping = new AbortController();
  let shown = "";
  const polling = (async () => {
    const client = new ApiClient(product.apis.at(-1)?.url ?? "");
    while (!stopping.signal.aborted) {
      const { partial = "", reply } = await client.job(chat);
      shown = `${shown}\n${partial}\n${reply?.text ?? ""}`;
      await sleep(30);
    }
  })();
  return async () => {
    stopping.abort();
    await polling;
    return shown;
  };
}

/** The assistant's text of the conversation. */
async function settledText(product: Product, { conversationId }: JobRef): Promise<string | undefined> {
  const rows = await product.query<{ text: string }>(
    "select text from messages where conversation_id = $1 and sender = 'ai'",
    [conversationId],
  );
  return rows[0]?.text;
}

interface Kept {
  mark: string;
  point: string;
  stored: string | undefined;
}

/** Words beyond those that were kept. A first call that broke off was withdrawn by a `reset`: its words are no breach. */
export function beyond(where: string, { mark, point, stored }: Kept, seen: string): string[] {
  const kept = furthest(mark, stored ?? "");
  const withdrawn = point === "in a restart" && !kept.has(1) ? 1 : undefined;
  return [...furthest(mark, seen)]
    .filter(([call, place]) => call !== withdrawn && place > (kept.get(call) ?? 0))
    .map(([call, place]) => `${where} saw word ${place} of call ${call}, kept were ${kept.get(call) ?? 0}`);
}

/** Whatever is there twice: messages of the assistant, ends of the job, changes of who answers. */
async function doubles(product: Product, { conversationId, jobId }: JobRef): Promise<string[]> {
  const [row] = await product.query<{ ai: number; ends: number; events: number; newest: number }>(
    `select (select count(*)::int from messages where conversation_id = $1 and sender = 'ai') as ai,
            (select count(*)::int from events where job_id = $2 and kind = 'job' and status <> 'queued') as ends,
            (select count(*)::int from events where conversation_id = $1) as events, event_seq as newest
     from conversations where id = $1`,
    [conversationId, jobId],
  );
  if (!row) return ["the conversation is gone"];
  return [
    ...(row.ai > 1 ? [`${row.ai} replies`] : []),
    ...(row.ends === 1 ? [] : [`${row.ends} ends of the job`]),
    ...(row.events === row.newest ? [] : [`${row.events} events, the newest is ${row.newest}`]),
  ];
}

/** All text that the stores hold of conversations: messages, drafts, and every value of Redis. */
export async function dumpStores(product: Product): Promise<string> {
  const rows = await product.query<{ text: string }>(
    "select text from messages union all select convert_from(text, 'UTF8') from drafts",
  );
  const texts = rows.map(({ text }) => text);
  if (product.redis) {
    await withRedis(product, async (redis) => {
      for (const key of await redis.keys("*")) texts.push(JSON.stringify(await readRedisKey(redis, key)));
    });
  }
  return texts.join("\n");
}
