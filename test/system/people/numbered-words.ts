import { setTimeout as sleep } from "node:timers/promises";
import type { Script, Step } from "../../../tools/fake-provider/fake-script.ts";

/** Replies whose every word names its call and its place, so that each can be found wherever it has got to. */

interface Pace {
  words: number;
  /** Between two words. */
  everyMs: number;
  /** Before the first one. */
  firstMs?: number;
  /** Breaks off after so many words, so that the worker asks again. */
  breaksAfter?: number;
}

/** @param mark of the conversation, unique among all; @param call number of the call, from 1 */
export function numberedReply(mark: string, call: number, { words, everyMs, firstMs = 0, breaksAfter }: Pace): Script {
  function* steps(): Generator<Step> {
    if (firstMs > 0) yield { waitMs: firstMs };
    for (let number = 1; number <= words; number += 1) {
      yield `${mark}.${call}.${number} `;
      yield { waitMs: everyMs };
      if (number === breaksAfter) yield { cut: true };
    }
  }
  return { steps: steps() };
}

/** Highest place of each call's words in a text: what somebody saw of a reply. */
export function furthest(mark: string, text: string): Map<number, number> {
  const seen = new Map<number, number>();
  for (const [, call, place] of text.matchAll(new RegExp(`${mark}\\.(\\d+)\\.(\\d+) `, "g"))) {
    seen.set(Number(call), Math.max(seen.get(Number(call)) ?? 0, Number(place)));
  }
  return seen;
}

/** Waits for a random time up to `ms`. */
export function upTo(ms: number): Promise<void> {
  return sleep(Math.random() * ms);
}
