import { type FakeCall, startFakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import type { Script, Step } from "../../../tools/fake-provider/fake-script.ts";

/** Fake provider that identifies calls by the visitor's message, so that concurrent tests can share it. */
export interface ScriptedProvider extends AsyncDisposable {
  readonly url: string;
  readonly calls: readonly FakeCall[];
  /** Sets the scripts of the next calls for this message, one each. All other calls get an echo. */
  answer(message: string, ...scripts: Script[]): void;
  /** Resolves once the call with this number, counted from 1, for this message has arrived. */
  called(message: string, number?: number): Promise<FakeCall>;
  /** Drops the scripts that are left; returns a view that knows later calls alone. */
  anew(): ScriptedProvider;
}

export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const scripts = new Map<string, Script[]>();
  const waiting = new Set<() => void>();
  const fake = await startFakeProvider({
    script: ({ messages }) => {
      for (const look of waiting) look();
      const message = newestMessage(messages) ?? "";
      return scripts.get(message)?.shift() ?? { steps: words(echoOf(message)) };
    },
  });
  const viewFrom = (first: number): ScriptedProvider => {
    const calls = () => fake.calls.slice(first);
    const callsFor = indexByMessage(calls);
    return {
      url: fake.url,
      get calls() {
        return calls();
      },
      answer: (message, ...more) => void scripts.set(message, [...(scripts.get(message) ?? []), ...more]),
      called: (message, number = 1) =>
        new Promise((resolve) => {
          const look = () => {
            const call = callsFor(message)[number - 1];
            if (call === undefined) return;
            waiting.delete(look);
            resolve(call);
          };
          waiting.add(look);
          look();
        }),
      anew: () => {
        scripts.clear();
        return viewFrom(fake.calls.length);
      },
      [Symbol.asyncDispose]: () => fake.close(),
    };
  };
  return viewFrom(0);
}

/** Finds calls by their message, and reads each call once: a test has hundreds, and many waits look at each arrival. */
function indexByMessage(calls: () => readonly FakeCall[]): (message: string) => readonly FakeCall[] {
  const found = new Map<string | undefined, FakeCall[]>();
  let read = 0;
  return (message) => {
    for (const call of calls().slice(read)) {
      const own = messageOf(call);
      found.set(own, [...(found.get(own) ?? []), call]);
      read += 1;
    }
    return found.get(message) ?? [];
  };
}

/** Default reply without a script. */
export function echoOf(message: string): string {
  return `You said: ${message}`;
}

/** Message of a call. */
export function messageOf({ request }: FakeCall): string | undefined {
  return newestMessage(request.messages);
}

/** Extracts the newest message. Consecutive messages of one side are sent as one, with blank lines between them. */
export function newestMessage(messages: FakeCall["request"]["messages"]): string | undefined {
  const asked = messages.findLast(({ role }) => role === "user");
  return asked?.text.split("\n\n").at(-1);
}

/** A reply that stops in the middle until it is released. */
export function heldReply(before: string, after = ""): { script: Script; release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { script: { steps: [...words(before), { until: promise }, ...words(after)] }, release: resolve };
}

/**
 * Like `heldReply`, for a hold of any length: the deltas sent meanwhile are dropped from the text, and avoid the
 * timeout of a silent provider.
 */
export function pausedReply(before: string, after: string): { script: Script; release: () => void } {
  const until = { released: false };
  function* steps(): Generator<Step> {
    yield* words(before);
    while (!until.released) {
      yield "\0";
      yield { waitMs: 200 };
    }
    yield* words(after);
  }
  return { script: { steps: steps() }, release: () => void (until.released = true) };
}

/** A reply that continues until the client disconnects. */
export function endlessReply(): Script {
  return lastingReply("").script;
}

/** A reply that continues until it is released. */
export function lastingReply(last: string): { script: Script; release: () => void } {
  const until = { released: false };
  return { script: { steps: ticks(until, last) }, release: () => void (until.released = true) };
}

function* ticks(until: { released: boolean }, last: string): Generator<Step> {
  while (!until.released) {
    yield "tick ";
    yield { waitMs: 200 };
  }
  yield last;
}

/** Splits a text into words, each with the space before it. */
function words(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}
