import fc from "fast-check";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { costOf, type Price } from "../../shared/assistants/prices.ts";
import { type FakeProvider, type FakeRequest, startFakeProvider } from "./fake-provider.ts";
import type { Script, Step } from "./fake-script.ts";
import type { FakeUsage } from "./wire/wire.ts";

/**
 * Possible courses of a call. A cancelled call is cancelled by its visitor, in the middle of the reply or before its
 * first byte.
 */
export const courses = [
  "counted",
  "uncounted",
  "cancelled",
  "cancelled before",
  "cut",
  "cut before",
  "garbled",
  "refused",
] as const;
export type Course = (typeof courses)[number];

/** Courses without any byte of an answer. */
const free: ReadonlySet<Course> = new Set(["refused", "cut before"]);

interface ChargingOptions {
  price: Price;
  /** Approximate number of tokens in a reply. */
  outputTokens: number;
  /** Chooses the course of the next call for a message. */
  course: (message: string) => Course;
  cancel: (message: string) => void;
}

/** A fake provider that counts with a real tokenizer, and the real costs of its calls. */
export interface ChargingProvider {
  readonly fake: FakeProvider;
  /** Cost in USD, by the visitor's message. */
  readonly charges: ReadonlyMap<string, number>;
}

/** Options that make the tokenizer treat every word as text, even if it looks like a special token. */
const asText = { disallowedSpecial: new Set<string>() };

/**
 * Starts a provider that charges like the dearest of its kind. Each prompt is written to its cache, where its API has
 * one, and a reply whose reader disconnected is written to its end.
 */
export async function startChargingProvider(options: ChargingOptions): Promise<ChargingProvider> {
  const charges = new Map<string, number>();
  const replies = fc.sample(replyOf(options.outputTokens), { numRuns: 8, seed: 1 });
  let calls = 0;
  const script = (request: FakeRequest): Script => {
    const message = newestMessage(request);
    const course = options.course(message);
    const reply = replies[calls++ % replies.length] ?? "";
    const usage = usageOf(request, reply);
    if (!free.has(course)) charges.set(message, (charges.get(message) ?? 0) + costOf(options.price, usage));
    return scriptOf(course, { reply, usage, cancel: () => options.cancel(message) });
  };
  return { fake: await startFakeProvider({ script }), charges };
}

/**
 * Finds the newest message of a visitor. Consecutive messages may arrive merged; each of the test begins with its
 * number.
 */
function newestMessage({ messages }: FakeRequest): string {
  return (
    messages
      .at(-1)
      ?.text.split(/\n\n(?=\d+\.\d+\.\d )/)
      .at(-1) ?? ""
  );
}

function usageOf({ path, messages }: FakeRequest, reply: string): FakeUsage {
  // Chat completions count four tokens around each message, and three before the reply.
  const inputTokens = messages.reduce((sum, { text }) => sum + countTokens(text, asText) + 4, 3);
  const hasCache = path.endsWith("/messages") || path.endsWith("/responses");
  const outputTokens = countTokens(reply, asText);
  return { inputTokens, outputTokens, ...(hasCache && { cacheWriteTokens: inputTokens }) };
}

interface Call {
  reply: string;
  usage: FakeUsage;
  cancel: () => void;
}

function scriptOf(course: Course, { reply, usage, cancel }: Call): Script {
  const characters = Array.from(reply);
  const middle = Math.ceil(characters.length / 2);
  const [first, second] = [characters.slice(0, middle).join(""), characters.slice(middle).join("")];
  switch (course) {
    case "counted":
      return { steps: [first, second], usage };
    case "uncounted":
      return { steps: [first, second], usage: null };
    case "cancelled":
      return { steps: thenCancelled(first, cancel), usage };
    case "cancelled before":
      setImmediate(cancel);
      return { before: { stall: true } };
    case "cut":
      return { steps: [first, { cut: true }], usage };
    case "cut before":
      return { before: { cut: true } };
    case "garbled":
      return { steps: [first, { raw: "data: {oops\n\n" }], usage };
    case "refused":
      return { status: 503, body: "{}" };
  }
}

function* thenCancelled(text: string, cancel: () => void): Generator<Step> {
  yield text;
  // Flushes the delta.
  yield { waitMs: 1 };
  cancel();
  yield { stall: true };
}

function replyOf(tokens: number): fc.Arbitrary<string> {
  const piece = fc.oneof(fc.constantFrom(" word", ", and", " Wörter"), anyText(4));
  return fc.array(piece, { minLength: tokens, maxLength: tokens }).map((pieces) => {
    let text = "Yes:";
    for (const next of pieces) if (countTokens(text + next, asText) <= tokens) text += next;
    return text;
  });
}

/** Generates text that costs many tokens: Braille, white space, any characters, words. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  const size = { minLength: 1, maxLength, size: "max" } as const;
  const units = [
    anyOf(0x2800, 0x28ff),
    fc.constantFrom(" ", "\n", "\t", "\u00a0", "\u2003", "\u3000", "\u2028"),
    fc.oneof(anyOf(1, 0xd7ff), anyOf(0xe000, 0x10ffff)),
    fc.constantFrom("a", "e", "n", "t", " ", "qu", "zx", "的", "한"),
  ];
  return fc.oneof(...units.map((unit) => fc.string({ unit, ...size })));
}

function anyOf(min: number, max: number): fc.Arbitrary<string> {
  return fc.integer({ min, max }).map((point) => String.fromCodePoint(point));
}
