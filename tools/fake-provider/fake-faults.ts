import type { Fault, FakeProviderOptions, ReplyPace } from "./options.ts";
import { paced, replyOf } from "./fake-replies.ts";
import type { Script, Step } from "./fake-script.ts";

/** Decides for each call in turn if it fails, and how. */
export function createFaults({
  faultRate,
  faults,
  seed,
}: Pick<FakeProviderOptions, "faultRate" | "faults" | "seed">): () => Fault | undefined {
  const random = createRandom(seed);
  return () => {
    // Both numbers are drawn for every call, so that another rate leaves the kinds unchanged.
    const [whether, which] = [random(), random()];
    return whether < faultRate ? faults[Math.floor(which * faults.length)] : undefined;
  };
}

interface Call {
  pace: ReplyPace;
  /** The number of the call. */
  number: number;
  /** Body of an answer with this status, in the format of the called API. */
  errorBody: (status: number) => string;
}

export function scriptOf(fault: Fault | undefined, { pace, number, errorBody }: Call): Script {
  const words = replyOf(pace.tokens, number);
  const firstHalf = () => paced(words.slice(0, Math.ceil(words.length / 2)), pace);
  switch (fault) {
    case undefined:
      return { steps: paced(words, pace) };
    case "cut":
      return { steps: followed(firstHalf(), { cut: true }) };
    case "stall":
      return { steps: followed(firstHalf(), { stall: true }) };
    case "malformed":
      return { steps: followed(firstHalf(), { raw: "data: {oops\n\n" }) };
    case "empty":
      return { steps: paced([], pace) };
    case "refusal":
      return {
        steps: paced(["I'm sorry,", " but I", " can't fakeProviderHelp", " with that."], pace),
        finishReason: "refusal",
      };
    default:
      return { status: fault, body: errorBody(fault), ...(fault === 429 && { headers: { "retry-after": "1" } }) };
  }
}

function* followed(steps: Iterable<Step>, last: Step): Generator<Step> {
  yield* steps;
  yield last;
}

/** Mulberry32: small, and good enough for a repeatable sequence. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
