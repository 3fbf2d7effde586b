import { type FakeCall, startFakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import type { Script, Step } from "../../../tools/fake-provider/fake-script.ts";

/** A fake provider that knows its calls by the visitor's message, so that tests beside each other can share it. */
export interface ScriptedProvider extends AsyncDisposable {
  readonly url: string;
  readonly calls: readonly FakeCall[];
  /** Answers the next calls for this message so, one each; all others get an echo. */
  answer(message: string, ...scripts: Script[]): void;
  /** Resolves with the call of that number, counted from 1, for this message, once it has arrived. */
  called(message: string, number?: number): Promise<FakeCall>;
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
  return {
    url: fake.url,
    calls: fake.calls,
    answer: (message, ...more) => void scripts.set(message, [...(scripts.get(message) ?? []), ...more]),
    called: (message, number = 1) =>
      new Promise((resolve) => {
        const look = () => {
          const call = fake.calls.filter((each) => messageOf(each) === message)[number - 1];
          if (call === undefined) return;
          waiting.delete(look);
          resolve(call);
        };
        waiting.add(look);
        look();
      }),
    [Symbol.asyncDispose]: () => fake.close(),
  };
}

/** What is answered where nothing else was asked for. */
export function echoOf(message: string): string {
  return `You said: ${message}`;
}

/** The message a call is about. */
export function messageOf({ request }: FakeCall): string | undefined {
  return newestMessage(request.messages);
}

/** Messages of one side that follow each other are sent as one, with blank lines between them. */
export function newestMessage(messages: FakeCall["request"]["messages"]): string | undefined {
  return messages.at(-1)?.text.split("\n\n").at(-1);
}

/** A reply that stops in the middle until it is let go on. */
export function heldReply(before: string, after = ""): { script: Script; release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { script: { steps: [...words(before), { until: promise }, ...words(after)] }, release: resolve };
}

/** Like `heldReply`, however long it is held: what comes meanwhile is dropped from a text, and is no silence. */
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

/** A reply that goes on for as long as somebody listens. */
export function endlessReply(): Script {
  return lastingReply("").script;
}

/** A reply that goes on until it is let end. */
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

/** Each with the space before it. */
function words(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}
