import { setTimeout as sleep } from "node:timers/promises";
import { type SubmitResponse, submitResponse } from "../../shared/protocol/submit.ts";
import { followByPolls, followStream, pickApi } from "./follow-reply.ts";
import { EventReader } from "./people/event-reader.ts";
import type { RunLog } from "./run-log.ts";
import { Random } from "./random.ts";
import { request } from "./api-request.ts";
import type { ChaosTestbed } from "./testbed.ts";

interface Conversation {
  id: string;
  token: string;
}

/** Wait that only a visitor whom no person answers is told. */
const unheardWaitMs = 30_000;
/** Timeout for the acceptance of a message, over all tries; beyond it something is wrong. */
const acceptLimitMs = 90_000;

/** One visitor. Its random numbers are its own, so that its actions do not depend on other visitors. */
export class ChaosVisitor {
  readonly #number: number;
  readonly #testbed: ChaosTestbed;
  readonly #runLog: RunLog;
  readonly #random: Random;
  #sent = 0;

  constructor(number: number, seed: number, testbed: ChaosTestbed, runLog: RunLog) {
    this.#number = number;
    this.#testbed = testbed;
    this.#runLog = runLog;
    this.#random = new Random(seed * 1000 + number);
  }

  /** Chats until the signal; messages already sent are followed to their end. */
  async chat(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let conversation = await this.#turn(undefined);
      for (let turns = this.#random.between(2, 8); turns > 0 && !signal.aborted && conversation; turns--) {
        await sleep(this.#random.between(0, 1500));
        const known: Conversation = conversation;
        const together = this.#random.chance(0.2) ? 3 : 1;
        const [first] = await Promise.all(Array.from({ length: together }, () => this.#turn(known)));
        conversation = first ?? conversation;
      }
    }
  }

  /** Sends a message and follows its job; some are followed twice, some cancelled. */
  async #turn(to: Conversation | undefined): Promise<Conversation | undefined> {
    // Drawn before any slow work, so that the order of random numbers is equal in each run.
    const dice = new Random(this.#random.between(0, 2 ** 30));
    const text = `v${this.#number} m${++this.#sent}: ${dice.pick(["hello", "where is my order?", "grüße 😀", "¿dónde?"])}`;
    const sentAt = Date.now();
    const key = dice.uuid();
    this.#runLog.sent.set(text, { conversationId: to?.id });
    const answer = await this.#submit(dice, { text, key, to });
    if (!answer) return undefined;
    const { jobId, conversationId, token } = answer;
    this.#runLog.sent.set(text, { conversationId, jobId });
    const job = { visitor: this.#number, jobId, conversationId, text, sentAt, acceptedAt: Date.now(), token };
    this.#runLog.accepted.push(job);
    const follower = { testbed: this.#testbed, runLog: this.#runLog, random: dice, job };
    const cancels = dice.chance(0.12);
    const deletes = to !== undefined && dice.chance(0.05);
    if (to === undefined && dice.chance(0.4)) this.#read(new Random(dice.between(0, 2 ** 30)), answer);
    await Promise.all([
      dice.chance(0.75) ? followStream(follower) : followByPolls(follower),
      dice.chance(0.15) ? followStream({ ...follower, random: new Random(dice.between(0, 2 ** 30)) }) : undefined,
      dice.chance(0.1) ? this.#repeat(dice, { text, key, to }, answer) : undefined,
      cancels ? this.#cancel(new Random(dice.between(0, 2 ** 30)), answer) : undefined,
      dice.chance(0.08) ? this.#askForPerson(new Random(dice.between(0, 2 ** 30)), answer) : undefined,
      deletes ? this.#delete(new Random(dice.between(0, 2 ** 30)), answer) : undefined,
    ]);
    return this.#runLog.deleted.has(conversationId) ? undefined : { id: conversationId, token };
  }

  /** Sends the message with one idempotency key until it is accepted. */
  async #submit(dice: Random, message: Message): Promise<SubmitResponse | undefined> {
    const deadline = Date.now() + acceptLimitMs;
    while (Date.now() < deadline) {
      const answer = await this.#post(dice, message);
      if (answer?.status === 202) return submitResponse.parse(answer.body);
      if (answer?.status === 404 && this.#isDeleted(message)) return undefined;
      // So many messages in a row without an answer of a person: this visitor gives up.
      if (answer?.status === 429 && (answer.retryAfterMs ?? 0) >= unheardWaitMs) return undefined;
      if (answer && answer.status !== 429 && answer.status !== 503) {
        this.#runLog.breach(
          "messages are accepted",
          `${answer.status} ${JSON.stringify(answer.body)} for "${message.text}"`,
        );
        return undefined;
      }
      await sleep(answer?.retryAfterMs ?? dice.between(100, 500));
    }
    this.#runLog.breach("messages are accepted", `"${message.text}" was not accepted within ${acceptLimitMs} ms`);
    return undefined;
  }

  #post(dice: Random, { text, key, to }: Message) {
    return request(this.#runLog, {
      api: pickApi(this.#testbed, dice),
      visitor: this.#number,
      route: "POST chat",
      path: "/api/chat",
      token: to?.token,
      key,
      body: { message: text, ...(to && { conversationId: to.id }) },
    });
  }

  /** Checks that the same key returns the same job, and is refused with another text. */
  async #repeat(dice: Random, message: Message, { jobId }: SubmitResponse): Promise<void> {
    await sleep(dice.between(0, 2000));
    const same = await this.#post(dice, message);
    if (same?.status === 202 && submitResponse.parse(same.body).jobId !== jobId) {
      this.#runLog.breach("an idempotency key makes one job", `another job for "${message.text}"`, jobId);
    }
    const other = await this.#post(dice, { ...message, text: `${message.text} (changed)` });
    if (other?.status === 404 && this.#runLog.deleted.size > 0) return;
    if (other && ![409, 429, 503].includes(other.status)) {
      this.#runLog.breach(
        "an idempotency key makes one job",
        `${other.status} for a key used with another text`,
        jobId,
      );
    }
  }

  /** Follows the conversation's events to the end of the run, from its first message on, or from the start. */
  #read(random: Random, { conversationId, token, cursor }: SubmitResponse): void {
    const [testbed, runLog, visitor] = [this.#testbed, this.#runLog, this.#number];
    const after = random.chance(0.3) ? "0" : cursor;
    const reader = new EventReader({ testbed, runLog, random, visitor, token, conversationId, after });
    reader
      .read()
      .catch((error: unknown) => runLog.breach("the harness itself works", `a reader of ${visitor}: ${String(error)}`));
  }

  /** Asks for a person, and often no longer wants one a little later. */
  async #askForPerson(dice: Random, answer: SubmitResponse): Promise<void> {
    await sleep(dice.between(0, 2000));
    await this.#handOff(dice, answer, "POST handoff");
    if (!dice.chance(0.7)) return;
    await sleep(dice.between(0, 2500));
    await this.#handOff(dice, answer, "DELETE handoff");
  }

  async #handOff(
    dice: Random,
    { conversationId, token }: SubmitResponse,
    route: "POST handoff" | "DELETE handoff",
  ): Promise<void> {
    for (;;) {
      const answer = await request(this.#runLog, {
        api: pickApi(this.#testbed, dice),
        visitor: this.#number,
        route,
        path: `/api/conversations/${conversationId}/handoff`,
        token,
        ...(route === "POST handoff" && dice.chance(0.5) && { body: { email: "visitor@example.com" } }),
      });
      if (answer?.status === 200 || answer?.problem === "handled") return;
      if (answer?.status === 404 && this.#runLog.deleted.has(conversationId)) return;
      if (answer && answer.status !== 503) {
        const said = `${route} of ${conversationId}: ${answer.status} ${JSON.stringify(answer.body)}`;
        this.#runLog.breach("a visitor may ask for a person, and take it back", said);
        return;
      }
      await sleep(dice.between(100, 500));
    }
  }

  /** Deletes the conversation, even with work in progress. A repeated deletion finds it gone. */
  async #delete(dice: Random, { conversationId, token }: SubmitResponse): Promise<void> {
    await sleep(dice.between(0, 3000));
    const { deleted } = this.#runLog;
    deleted.set(conversationId, false);
    for (;;) {
      const answer = await request(this.#runLog, {
        api: pickApi(this.#testbed, dice),
        visitor: this.#number,
        route: "DELETE conversation",
        path: `/api/conversations/${conversationId}`,
        token,
      });
      if (answer?.status === 204 || answer?.status === 404) {
        deleted.set(conversationId, true);
        return;
      }
      await sleep(dice.between(100, 500));
    }
  }

  #isDeleted({ to }: Message): boolean {
    return to !== undefined && this.#runLog.deleted.has(to.id);
  }

  async #cancel(dice: Random, { jobId, token }: SubmitResponse): Promise<void> {
    await sleep(dice.between(0, 2500));
    for (;;) {
      const answer = await request(this.#runLog, {
        api: pickApi(this.#testbed, dice),
        visitor: this.#number,
        route: "DELETE job",
        path: `/api/jobs/${jobId}`,
        token,
        jobId,
      });
      if (answer?.status === 200) this.#runLog.cancelled.push(jobId);
      if (answer && answer.status !== 503) return;
      await sleep(dice.between(100, 500));
    }
  }
}

interface Message {
  text: string;
  key: string;
  to: Conversation | undefined;
}
