import { type FakeCall, type FakeProvider, startFakeProvider } from "../../shared/testing/fake-provider.ts";
import type { Script, Step } from "../../shared/testing/fake-script.ts";
import { Random } from "./random.ts";

/** The fake provider of a run, with faults of its own until it is healed. */
export interface Upstream {
  readonly fake: FakeProvider;
  /** The whole reply of each call, if it was to give one. */
  readonly replies: ReadonlyMap<FakeCall, string>;
  /** From now on every call goes well; those that hang go on. */
  heal(): void;
}

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
  " ‮rtl",
  " ß",
  " longer-word-here",
];

/** @param stalls whether a few calls say nothing until all is healed: each costs a time limit of the worker */
export async function startUpstream(seed: number, stalls: boolean): Promise<Upstream> {
  const random = new Random(seed ^ 0x5eed);
  const { promise: healed, resolve } = Promise.withResolvers<void>();
  let well = false;
  const texts: (string | undefined)[] = [];
  const fake = await startFakeProvider({
    script: () => {
      const { script, text } = chooseScript(random, { number: texts.length, well, stalls, healed });
      texts.push(text);
      return script;
    },
  });
  return {
    fake,
    get replies() {
      return new Map(fake.calls.flatMap((call, index) => (texts[index] === undefined ? [] : [[call, texts[index]]])));
    },
    heal() {
      well = true;
      resolve();
    },
  };
}

interface Choice {
  number: number;
  well: boolean;
  stalls: boolean;
  healed: Promise<void>;
}

function chooseScript(
  random: Random,
  { number, well, stalls, healed }: Choice,
): { script: Script; text: string | undefined } {
  const tokens = Array.from({ length: random.between(3, 70) }, (_, index) =>
    index === 0 ? `#${number}` : pickWord(random),
  );
  const text = tokens.join("");
  // Halves of a character come in two deltas, as they do from real providers.
  const steps = paced(
    tokens.flatMap((token) => (token === " 😀" ? [" \ud83d", "\ude00"] : [token])),
    random.between(5, 90),
  );
  const dice = well ? 1 : random.next();
  const status = (code: number, headers = {}) => ({
    script: { status: code, headers, body: JSON.stringify({ error: { message: "told to fail" } }) },
    text: undefined,
  });
  if (dice < 0.05) return status(429, { "retry-after": "1" });
  if (dice < 0.1) return status(500);
  if (dice < 0.18) return { script: { steps: [...steps.slice(0, steps.length / 2), { cut: true }] }, text: undefined };
  if (dice < 0.2) return { script: { steps: [...steps.slice(0, 3), { raw: "data: {oops\n\n" }] }, text: undefined };
  if (dice < 0.26) return { script: { before: { waitMs: random.between(500, 3000) }, steps }, text };
  if (dice < 0.27 && stalls)
    return { script: { steps: [...steps.slice(0, 2), { until: healed }, ...steps.slice(2)] }, text };
  return { script: { steps }, text };
}

function pickWord(random: Random): string {
  return words[random.between(0, words.length - 1)] ?? "";
}

function paced(tokens: string[], waitMs: number): Step[] {
  return tokens.flatMap((token) => [{ waitMs }, token]);
}
