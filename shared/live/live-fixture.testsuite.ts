import { onTestFinished } from "vitest";
import type { Live } from "./live.ts";

/** A store with processes on it, and what can happen to it. */
export interface LiveFixture extends AsyncDisposable {
  /** Opens the live channel of one process; the fixture closes it. */
  open(): Promise<Live>;
  /** Every error the processes reported. */
  readonly errors: Error[];
  /** Breaks the connections that hints come by. */
  cutListeners(): Promise<void>;
  /** The store refuses connections, and those there were are broken. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  /** The store keeps its connections and answers nothing. */
  freeze(): void;
  thaw(): void;
  /** How many connections of live channels the store counts. */
  countConnections(): Promise<number>;
}

export type StartFixture<Fixture = LiveFixture> = (options?: { timeoutMs?: number }) => Promise<Fixture>;

/** For where the time limit is not what is tested: a busy machine must not fail the test. */
export function patiently<Fixture>(start: StartFixture<Fixture>): StartFixture<Fixture> {
  return () => start({ timeoutMs: 10_000 });
}

/** A fixture for one test, with one process on it. */
export async function openOne<Fixture extends LiveFixture>(
  start: StartFixture<Fixture>,
): Promise<{ fixture: Fixture; live: Live }> {
  const fixture = await start();
  onTestFinished(() => fixture[Symbol.asyncDispose]());
  return { fixture, live: await fixture.open() };
}

/** What a listener hears, to be taken one by one. */
export function inbox<T>(): { put: (item: T) => void; next: () => Promise<T>; waiting: T[] } {
  const waiting: T[] = [];
  const takers: ((item: T) => void)[] = [];
  return {
    waiting,
    put: (item) => {
      const taker = takers.shift();
      if (taker) taker(item);
      else waiting.push(item);
    },
    next: () => {
      const item = waiting.shift();
      return item === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(item);
    },
  };
}

/** One, two, three and four bytes to a character. */
export const text = "a: né\n漢字 🙂\r\n👩‍👧 ok";
