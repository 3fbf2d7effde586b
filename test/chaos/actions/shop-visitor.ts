import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../random.ts";
import type { RunLog } from "../run-log.ts";
import type { ApiProcess } from "../testbed.ts";
import { type Repeat, repeats } from "./hostile-shop.ts";

/** A visitor's wish, and how the card of it was answered. */
export interface AskedAction {
  order: string;
  repeat: Repeat;
  /** Absent: no card came. */
  actionId?: string;
  /**
   * `yes` and `no` were accepted; `refused`: the answer came too late, as a person had the conversation. `unasked`: its tool needs
   * no confirmation.
   */
  answer: "yes" | "no" | "none" | "refused" | "unasked";
}

/** Longer than any fault, with the time in which an endpoint is asked what became of a call. */
const patienceMs = 180_000;
const requestMs = 30_000;

interface Answer {
  status: number;
  body: unknown;
}

interface Card {
  id: string;
}

/** Share of the wishes that are carried out without a card. */
const unaskedShare = 0.3;

/** A visitor who asks for an order to be cancelled, and answers the card: most say yes, some twice at once. */
export class ShopVisitor {
  readonly #apis: readonly ApiProcess[];
  readonly #random: Random;
  readonly #runLog: RunLog;

  constructor(apis: readonly ApiProcess[], random: Random, runLog: RunLog) {
    this.#apis = apis;
    this.#random = random;
    this.#runLog = runLog;
  }

  async act(order: string): Promise<AskedAction> {
    const repeat = this.#random.pick(repeats);
    const asked = { order, repeat, answer: "none" } as const;
    const key = randomUUID();
    const isUnasked = this.#random.chance(unaskedShare);
    const message = `Cancel order ${order} by ${repeat}${isUnasked ? " at once" : ""}`;
    const chat = await this.#ask("POST", "/api/chat", { body: { message }, headers: { "idempotency-key": key } });
    const { jobId, token } = chat.body as { jobId: string; token: string };
    const job = (await this.#ended(jobId, token)) as { actions?: Card[] };
    const actionId = job.actions?.[0]?.id;
    if (actionId === undefined) return asked;
    if (isUnasked) return { ...asked, actionId, answer: "unasked" };
    const dice = this.#random.next();
    if (dice > 0.9) return { ...asked, actionId };
    const confirm = dice < 0.8;
    const answers = await Promise.all(
      Array.from({ length: this.#random.chance(0.2) ? 2 : 1 }, () =>
        this.#ask("POST", `/api/actions/${actionId}`, { body: { confirm }, token }),
      ),
    );
    const accepted = answers.find(({ status }) => status === 200 || status === 202);
    if (!accepted) return { ...asked, actionId, answer: "refused" };
    await this.#ended((accepted.body as { jobId: string }).jobId, token);
    return { ...asked, actionId, answer: confirm ? "yes" : "no" };
  }

  async #ended(jobId: string, token: string): Promise<unknown> {
    for (const until = performance.now() + patienceMs; performance.now() < until;) {
      const { body } = await this.#ask("GET", `/api/jobs/${jobId}`, { token, headers: { prefer: "wait=10" } });
      if ((body as { finishedAt?: string }).finishedAt !== undefined) return body;
    }
    this.#runLog.breach("every accepted message ended", "its job has not ended in three minutes", jobId);
    return {};
  }

  /** Asks again as long as nobody answers, or the answer is that it is to be tried again. */
  async #ask(
    method: "GET" | "POST",
    path: string,
    { body, token, headers }: { body?: object; token?: string; headers?: Record<string, string> },
  ): Promise<Answer> {
    for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(200)) {
      const api = this.#apis[this.#random.between(0, this.#apis.length - 1)];
      const answer = await fetch(`${api?.url}${path}`, {
        method,
        headers: {
          ...headers,
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body && { "content-type": "application/json" }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(requestMs),
      }).then(
        async (response): Promise<Answer> => ({ status: response.status, body: await response.json() }),
        () => undefined,
      );
      if (answer === undefined || answer.status === 503 || answer.status === 429) continue;
      if (answer.status >= 500) this.#runLog.breach("no request fails inside", `${method} ${path}: ${answer.status}`);
      else return answer;
    }
    throw new Error(`${method} ${path} was not answered in three minutes`);
  }
}
