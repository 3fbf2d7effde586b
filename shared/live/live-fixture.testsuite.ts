import { onTestFinished } from "vitest";
import type { Live } from "./live.ts";

/** A store with several processes on it, and its possible failures. */
export interface LiveFixture extends AsyncDisposable {
  /** Opens the live channel of one process; the fixture closes it. */
  open(): Promise<Live>;
  /** Every error the processes reported. */
  readonly errors: Error[];
  /** Breaks the connections that deliver hints. */
  cutListeners(): Promise<void>;
  /** Makes the store refuse connections, and breaks the existing ones. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  /** Makes the store keep its connections and answer nothing. */
  freeze(): void;
  thaw(): void;
  /** Number of live-channel connections that the store counts. */
  countConnections(): Promise<number>;
}

export type StartFixture<Fixture = LiveFixture> = (options?: { timeoutMs?: number }) => Promise<Fixture>;

/** Raises the timeout in tests that do not test it, so that a busy machine does not fail them. */
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

/** Queue of received messages, to be taken one by one. */
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

/** Text with characters of one, two, three and four bytes. */
export const text = "a: né\n漢字 🙂\r\n👩‍👧 ok";
