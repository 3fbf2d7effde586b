import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { submitResponse } from "../../shared/protocol/submit.ts";
import type { ApiAnswer, ConversationRef, JobRef, ApiClient } from "../system/harness/api-client.ts";
import type { ScriptedProvider } from "../system/harness/scripted-provider.ts";
import { eventually } from "../system/harness/suite.ts";

interface Sent {
  message: string;
  chat: JobRef;
}

const visitors = 6;
/** Pause before a retry of a request without a usable answer. */
const pauseMs = 100;
const patienceMs = 60_000;
/** Time that a reply takes: most of it an open request at an API that may stop or die. */
const replyMs = 800;
/** Statuses of the proxy alone: its API is down, or stops. */
const passing = [502, 503, 504];

/**
 * Visitors behind a proxy, each with one conversation and one message at a time, whose replies take a moment. They retry
 * requests without an answer.
 */
export class VisitorLoad {
  readonly #client: ApiClient;
  readonly #provider: ScriptedProvider;
  readonly #over = new AbortController();
  readonly #visitors: Promise<void>[];
  readonly #sent: Sent[] = [];

  constructor({ client, provider, name }: { client: ApiClient; provider: ScriptedProvider; name: string }) {
    this.#client = client;
    this.#provider = provider;
    this.#visitors = Array.from({ length: visitors }, (_, index) => this.#visit(`${name} ${index}`));
    // A visitor's failure is reported by `end`.
    for (const visitor of this.#visitors) visitor.catch(() => undefined);
  }

  /** Waits until that many more messages are answered. */
  async answered(count: number): Promise<void> {
    const wanted = this.#sent.length + count;
    await eventually("messages are answered", () => this.#sent.length >= wanted, patienceMs);
  }

  /** @returns every message that was sent and answered */
  async end(): Promise<Sent[]> {
    this.#over.abort();
    await Promise.all(this.#visitors);
    return this.#sent;
  }

  async #visit(name: string): Promise<void> {
    let to: ConversationRef | undefined;
    for (let number = 0; !this.#over.signal.aborted; number += 1) {
      const message = `${name}, message ${number}`;
      const key = randomUUID();
      this.#provider.answer(message, { steps: ["You said: ", { waitMs: replyMs }, message] });
      const accepted = await this.#patiently(() => this.#client.post(message, { to, key }), [202]);
      const chat = submitResponse.parse(accepted.body);
      to = chat;
      await this.#untilEnded(chat);
      this.#sent.push({ message, chat });
    }
  }

  async #untilEnded({ links, token }: { links: { job: string }; token: string }): Promise<void> {
    for (;;) {
      const headers = { prefer: "wait=5" };
      const { body } = await this.#patiently(() => this.#client.request(links.job, { token, headers }), [200]);
      if ((body as { finishedAt?: string }).finishedAt !== undefined) return;
    }
  }

  async #patiently(ask: () => Promise<ApiAnswer>, expected: number[]): Promise<ApiAnswer> {
    for (;;) {
      const answer = await ask().catch(() => undefined);
      if (answer && expected.includes(answer.status)) return answer;
      if (answer && !passing.includes(answer.status)) throw new Error(`got ${answer.status}: ${answer.text}`);
      await sleep(pauseMs);
    }
  }
}
