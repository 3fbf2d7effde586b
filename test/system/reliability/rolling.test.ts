import { expect, it } from "vitest";
import { type ConversationRef, type JobRef, ApiClient } from "../harness/api-client.ts";
import type { ServiceProcess } from "../harness/processes.ts";
import { echoOf, lastingReply, messageOf } from "../harness/scripted-provider.ts";
import { onEachBackend } from "../harness/suite.ts";

const visitors = 12;
/** Longer than any old worker waits for it. */
const longOnes = ["Long one", "Longer one", "Longest one"];

onEachBackend("a rolling restart of all processes under load", { apis: 2, workers: 3 }, (product) => {
  it(
    "loses nothing, causes no error, and costs a reply in flight at most one attempt",
    { timeout: 90_000 },
    async () => {
      const { provider, query, apis, workers, startApi, startWorker } = product();
      const proxy = new Proxy(apis);
      const stop = new AbortController();
      const long = longOnes.map(async (message) => {
        provider.answer(message, lastingReply("").script);
        expect(await ask(proxy, message)).toBe(echoOf(message));
      });
      await Promise.all(longOnes.map((message) => provider.called(message)));
      const busy = Array.from({ length: visitors }, async (_, visitor) => {
        let chat: ConversationRef | undefined;
        for (let turn = 0; !stop.signal.aborted; turn += 1) {
          const message = `visitor ${visitor}, turn ${turn}`;
          provider.answer(message, slowly(echoOf(message)));
          expect(await ask(proxy, message, { to: chat, onJob: (job) => (chat = job) })).toBe(echoOf(message));
        }
        return chat;
      });

      const exits: Promise<number | NodeJS.Signals>[] = [];
      for (const old of apis) {
        proxy.add(await startApi());
        await proxy.remove(old);
        exits.push(old.stop());
      }
      for (const old of workers) {
        await startWorker();
        exits.push(old.stop());
      }
      expect(await Promise.all(exits)).toEqual([0, 0, 0, 0, 0]);
      await Promise.all(long);
      stop.abort();
      const chats = await Promise.all(busy);

      expect(await query("select from jobs where status <> 'completed' or attempt > 2")).toHaveLength(0);
      expect(await query("select from jobs where attempt = 2")).not.toHaveLength(0);
      const calls = Map.groupBy(provider.calls, (call) => messageOf(call));
      for (const [message, made] of calls) expect([message, made.length <= 2]).toEqual([message, true]);
      const client = proxy.pick();
      for (const chat of chats) {
        if (!chat) throw new Error("every visitor has said something");
        const { messages } = await client.history(chat, "?limit=200");
        const asked = messages.filter(({ sender }) => sender === "user").map(({ text }) => text);
        expect(messages.map(({ text }) => text)).toEqual(asked.flatMap((text) => [text, echoOf(text)]));
      }
    },
  );
});

/** Proxy in front of the API processes: it spreads requests over those it has, and lets go of one in order. */
class Proxy {
  #clients: ApiClient[];
  #next = 0;
  readonly #begun = new Map<string, Set<Promise<unknown>>>();

  constructor(apis: readonly ServiceProcess[]) {
    this.#clients = apis.map(({ url }) => new ApiClient(url));
  }

  add(api: ServiceProcess): void {
    this.#clients.push(new ApiClient(api.url));
  }

  /** Resolves when no request is on its way to it; what it has begun to answer goes on. */
  async remove({ url }: ServiceProcess): Promise<void> {
    this.#clients = this.#clients.filter(({ base }) => base !== url);
    await Promise.allSettled(this.#begun.get(url) ?? new Set());
  }

  pick(): ApiClient {
    this.#next += 1;
    const client = this.#clients[this.#next % this.#clients.length];
    if (!client) throw new Error("no API is left");
    return client;
  }

  async send<T>(request: (client: ApiClient) => Promise<T>): Promise<T> {
    const client = this.pick();
    const begun = this.#begun.get(client.base) ?? new Set();
    this.#begun.set(client.base, begun);
    const answer = request(client);
    begun.add(answer);
    return answer.finally(() => begun.delete(answer));
  }
}

interface Asked {
  to?: ConversationRef | undefined;
  onJob?: (job: JobRef) => void;
}

/** Sends a message and follows it to its end, from one process to another where it is sent away; gives the reply. */
async function ask(proxy: Proxy, message: string, { to, onJob }: Asked = {}): Promise<string | undefined> {
  const job = await proxy.send((client) => client.submit(message, { to }));
  onJob?.(job);
  let have: { text: string; lastEventId: string | undefined } = { text: "", lastEventId: undefined };
  for (;;) {
    const stream = await proxy.send((client) => client.events(job, have));
    await stream.ended;
    if (stream.terminal) {
      expect(stream.terminal).toMatchObject({ event: "done", data: { reply: { text: stream.text } } });
      return stream.text;
    }
    have = stream;
  }
}

/** In flight for many seconds, so that each restart hits every visitor in mid-reply, and the load costs little. */
function slowly(text: string) {
  return { steps: (text.match(/\s*\S+/g) ?? []).flatMap((word) => [word, { waitMs: 900 }]) };
}
