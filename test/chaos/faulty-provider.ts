import { type FakeCall, type FakeProvider, startFakeProvider } from "../../tools/fake-provider/fake-provider.ts";
import type { Script, Step } from "../../tools/fake-provider/fake-script.ts";
import { newestMessage } from "../system/harness/scripted-provider.ts";
import { Random } from "./random.ts";

export interface FakeReply {
  text: string;
  /** True if the reply was scripted to be sent completely. */
  whole: boolean;
}

/** Fake provider of a run, with faults of its own until it is healed. */
export interface FaultyProvider {
  readonly fake: FakeProvider;
  /** Scripted reply of each call; absent if it was refused. */
  readonly replies: ReadonlyMap<FakeCall, FakeReply>;
  /** Makes every later call succeed; hanging calls continue. */
  heal(): void;
  /** Answers every later call at once, with a few words. */
  hurry(): void;
}

/** Prefix of every reply of the fake; no preset has it. */
export const replyMark = "#";

const longestReply = 120;
/** Maximum time between two words of a slow reply. */
const slowestMs = 160;
/** Maximum duration of a reply, once it has begun. */
export const replyLimitMs = longestReply * slowestMs + 3000;

const words = [
  " ja",
  " née",
  " 😀",
  " naïve",
  " 東京",
  " ok",
  "\n\n",
  " 👩‍👩‍👧",
  " a",
  " **b**",
  " \u202ertl",
  " ß",
  " longer-word-here",
  "。",
  " [1]",
  " [2]",
  " [1]",
];

/** @param stalls makes a few calls hang until all is healed: each costs a timeout of the worker */
export async function startFaultyProvider(seed: number, stalls: boolean): Promise<FaultyProvider> {
  const random = new Random(seed ^ 0x5eed);
  const { promise: healed, resolve } = Promise.withResolvers<void>();
  let well = false;
  let hurried = false;
  const replies: (FakeReply | undefined)[] = [];
  const asked = new Set<string>();
  const fake = await startFakeProvider({
    script: ({ messages }) => {
      const message = newestMessage(messages) ?? "";
      // A repeated call is a reclaim or a retry: the previous worker may resume in the middle of this reply.
      const slow = stalls && !well && asked.has(message) && random.chance(0.7);
      asked.add(message);
      const { script, reply } = hurried
        ? answerAtOnce(replies.length)
        : chooseAnswer(random, { number: replies.length, well, stalls, slow, healed });
      replies.push(reply);
      return script;
    },
  });
  return {
    fake,
    get replies() {
      return new Map(
        fake.calls.flatMap((call, index) => {
          const reply = replies[index];
          return reply === undefined ? [] : [[call, reply] as const];
        }),
      );
    },
    heal() {
      well = true;
      resolve();
    },
    hurry() {
      hurried = true;
    },
  };
}

function answerAtOnce(number: number): ChosenAnswer {
  const tokens = [`${replyMark}${number}`, ...words.slice(0, 5)];
  return { script: { steps: tokens }, reply: { text: tokens.join(""), whole: true } };
}

interface Choice {
  number: number;
  well: boolean;
  stalls: boolean;
  slow: boolean;
  healed: Promise<void>;
}

interface ChosenAnswer {
  script: Script;
  reply?: FakeReply;
}

function chooseAnswer(random: Random, { number, well, stalls, slow, healed }: Choice): ChosenAnswer {
  const length = random.between(slow ? longestReply / 2 : 3, longestReply);
  const tokens = Array.from({ length }, (_, index) => (index === 0 ? `${replyMark}${number}` : pickWord(random)));
  const text = tokens.join("");
  // Halves of a character arrive in two deltas, as from real providers.
  const deltas = tokens.flatMap((token) => (token === " 😀" ? [" \ud83d", "\ude00"] : [token]));
  const steps = paced(deltas, slow ? random.between(100, slowestMs) : random.between(5, 90));
  const half = steps.slice(0, steps.length / 2);
  const whole = { text, whole: true };
  const broken = { text, whole: false };
  const dice = well ? 1 : random.next();
  if (dice < 0.05) return turnAway(429, { "retry-after": "1" });
  if (dice < 0.1) return turnAway(500);
  if (dice < 0.18) return { script: { steps: [...half, { cut: true }] }, reply: broken };
  if (dice < 0.2) return { script: { steps: [...half, { raw: "data: {oops\n\n" }] }, reply: broken };
  if (dice < 0.26) return { script: { before: { waitMs: random.between(500, 3000) }, steps }, reply: whole };
  if (dice < 0.27 && stalls)
    return { script: { steps: [...half, { until: healed }, ...steps.slice(half.length)] }, reply: whole };
  return { script: { steps }, reply: whole };
}

function turnAway(status: number, headers = {}): ChosenAnswer {
  return {
    script: { status, headers, body: JSON.stringify({ error: { message: "The fake provider injected this fault." } }) },
  };
}

function pickWord(random: Random): string {
  return words[random.between(0, words.length - 1)] ?? "";
}

function paced(tokens: string[], waitMs: number): Step[] {
  return tokens.flatMap((token) => [{ waitMs }, token]);
}
