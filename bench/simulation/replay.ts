import { setTimeout as sleep } from "node:timers/promises";
import { type SubmitAcceptance, follow, submit } from "../clients/visitors.ts";
import { HttpConnection } from "../clients/http-connection.ts";
import { type FakeProvider, startFakeProvider } from "../../tools/fake-provider/fake-provider.ts";
import { replyOf } from "../../tools/fake-provider/fake-replies.ts";
import type { Script, Step } from "../../tools/fake-provider/fake-script.ts";
import type { ArrivingMessage } from "./arrivals.ts";

/** Result of a message with real processes. */
export interface ReplayedMessage {
  firstMs: number;
  doneMs: number;
  /** True if the reply is not from the provider. */
  preset: boolean;
}

/** Fake provider that answers each message with its generated reply. */
export interface ReplayProvider extends AsyncDisposable {
  readonly url: string;
  /** Sets the messages from now on, by their index; calls beyond `most` in flight are answered with 429. */
  expect(messages: readonly ArrivingMessage[], most?: number): void;
}

export async function startReplayProvider(): Promise<ReplayProvider> {
  let expected: readonly ArrivingMessage[] = [];
  let limit = Number.POSITIVE_INFINITY;
  const choose = (said: string | undefined): Script => {
    // The call itself counts as well.
    if (provider.stats.inflight > limit) return { status: 429, body: "{}" };
    const message = expected[Number(said)];
    if (message === undefined) return { status: 400, body: "{}" };
    return { steps: stepsOf(message) };
  };
  const provider: FakeProvider = await startFakeProvider({
    record: false,
    script: ({ messages }) => choose(messages.at(-1)?.text),
  });
  return {
    url: provider.url,
    expect: (messages, most = Number.POSITIVE_INFINITY) => {
      expected = messages;
      limit = most;
    },
    [Symbol.asyncDispose]: () => provider.close(),
  };
}

/** Steps with each token at its time, counted from the call, so that timer delays do not add up. */
function* stepsOf({ tokens, firstMs, writeMs }: ArrivingMessage): Generator<Step> {
  const began = performance.now();
  for (const [place, word] of replyOf(tokens, 0).entries()) {
    const at = firstMs + (writeMs * place) / Math.max(1, tokens - 1);
    const waitMs = began + at - performance.now();
    if (waitMs > 0) yield { waitMs };
    yield word;
  }
}

/** Sends each message at its time to real processes, and follows its reply. */
export async function replay(origin: string, messages: readonly ArrivingMessage[]): Promise<ReplayedMessage[]> {
  const begun = new Map<number, Promise<SubmitAcceptance>>();
  const began = performance.now();
  return Promise.all(
    messages.map(async ({ at, conversation }, place) => {
      await sleep(Math.max(0, began + at - performance.now()));
      const sentAt = performance.now();
      const connection = new HttpConnection(origin);
      try {
        const accepted = submit(connection, await begun.get(conversation), String(place));
        if (!begun.has(conversation)) begun.set(conversation, accepted);
        const { links, token } = await accepted;
        const { firstDeltaMs, totalMs, text } = await follow(sentAt, connection, links.events, token);
        return { firstMs: firstDeltaMs, doneMs: totalMs, preset: text.includes('"fallback":true') };
      } finally {
        await connection.destroy();
      }
    }),
  );
}
