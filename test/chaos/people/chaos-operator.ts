import { setTimeout as sleep } from "node:timers/promises";
import { type InboxEvent, inbox, operatorMessageAnswer, type OperatorRole } from "../../../shared/protocol/operator.ts";
import { type ChaosAnswer, request } from "../api-request.ts";
import { followStream, pickApi } from "../follow-reply.ts";
import { Random } from "../random.ts";
import { type OperatorAct, type OperatorMessageRecord, operatorNumbers, type RunLog } from "../run-log.ts";
import type { ChaosTestbed } from "../testbed.ts";
import type { TalkEvent } from "./describe-event.ts";
import { EventReader } from "./event-reader.ts";

/** A person of the team, with their key. */
export interface DeskOperator {
  id: string;
  role: OperatorRole;
  key: string;
}

interface OperatorOptions {
  number: number;
  seed: number;
  testbed: ChaosTestbed;
  runLog: RunLog;
  /** All of the team; `number` counts from 1. */
  team: readonly DeskOperator[];
}

/** Number of conversations that it remembers to have seen lately. */
const remembered = 40;

/** One operator, whose random numbers are its own. Knows of conversations what its console tells. */
export class ChaosOperator {
  readonly #options: OperatorOptions;
  readonly #random: Random;
  readonly #me: DeskOperator;
  readonly #visitor: number;
  /** Jobs that are open, by conversation: there is a reply to cut. */
  readonly #open = new Map<string, string>();
  readonly #lately: string[] = [];
  readonly #mine = new Set<string>();
  readonly #following = new Set<Promise<unknown>>();
  #said = 0;

  constructor(options: OperatorOptions) {
    const { number, seed, team } = options;
    const me = team[number - 1];
    if (!me) throw new Error(`there is no operator ${number}`);
    this.#options = options;
    this.#me = me;
    this.#visitor = operatorNumbers + number;
    this.#random = new Random(seed * 1000 + 500 + number);
  }

  /** Works until the signal, then gives most of its conversations back. */
  async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // Drawn before any slow work, so that the order of random numbers is equal in each run.
      const dice = new Random(this.#random.between(0, 2 ** 30));
      await sleep(dice.between(100, 1500));
      const mine = pickFrom(dice, [...this.#mine]);
      if (mine !== undefined && dice.chance(0.6)) await this.#attend(dice, mine);
      else await this.#approach(dice);
    }
    for (const id of this.#mine) {
      if (this.#random.chance(0.8)) await this.#change(this.#random, id, "release", { to: "ai" });
    }
    await Promise.all(this.#following);
  }

  /** Follows the inbox to the end of the run, from the list's cursor or from now. */
  async read(): Promise<void> {
    const random = new Random(this.#random.between(0, 2 ** 30));
    const { testbed, runLog } = this.#options;
    const after = random.chance(0.7) ? await this.#listInbox(random) : undefined;
    const hear = (event: TalkEvent) => this.#hear(event as InboxEvent);
    await new EventReader({
      testbed,
      runLog,
      random,
      visitor: this.#visitor,
      token: this.#me.key,
      after,
      hear,
    }).read();
  }

  async #listInbox(random: Random): Promise<string> {
    const { testbed, runLog } = this.#options;
    for (;;) {
      const answer = await request(runLog, {
        api: pickApi(testbed, random),
        visitor: this.#visitor,
        route: "GET inbox",
        path: `/api/operator/inbox?view=${random.pick(["waiting", "mine", "all"])}`,
        token: this.#me.key,
      });
      if (answer?.status === 200) return inbox.parse(answer.body).cursor;
      await sleep(random.between(100, 500));
    }
  }

  #hear(event: InboxEvent): void {
    if (event.event === "wait" || event.event === "resync") return;
    const { conversationId } = event.data;
    if (event.event === "message") {
      this.#lately.push(conversationId);
      if (this.#lately.length > remembered) this.#lately.shift();
    } else if (event.event === "job") {
      if (event.data.status === "queued") this.#open.set(conversationId, event.data.jobId);
      else this.#open.delete(conversationId);
    } else if (event.event === "handling") {
      if (event.data.operatorId === this.#me.id) this.#mine.add(conversationId);
      else this.#mine.delete(conversationId);
    } else if (event.event === "deleted") {
      this.#forget(conversationId);
    }
  }

  #forget(conversationId: string): void {
    this.#open.delete(conversationId);
    this.#mine.delete(conversationId);
  }

  /** Takes a conversation, most often in the middle of a reply, and sometimes at once with a colleague. */
  async #approach(dice: Random): Promise<void> {
    const open = pickFrom(dice, [...this.#open.keys()].slice(-10));
    const any = pickFrom(dice, this.#lately);
    const [waits, delayMs] = [dice.chance(0.75), dice.between(0, 1500)];
    const [says, twice, watches] = [dice.chance(0.4), dice.chance(0.25), dice.chance(0.3)];
    const others = [new Random(dice.between(0, 2 ** 30)), new Random(dice.between(0, 2 ** 30))] as const;
    const id = waits ? (open ?? any) : any;
    if (id === undefined) return;
    const jobId = this.#open.get(id);
    if (watches && jobId !== undefined) this.#watch(others[1], id, jobId);
    await sleep(delayMs);
    const colleague = this.#options.team[this.#options.number % this.#options.team.length];
    await Promise.all([
      says
        ? this.#say(dice, id, this.#me)
        : this.#change(dice, id, "take", this.#me.role === "admin" && dice.chance(0.5) ? { force: true } : {}),
      twice && colleague
        ? dice.chance(0.5)
          ? this.#say(others[0], id, colleague)
          : this.#send(others[0], id, { act: "take", body: {}, by: colleague })
        : undefined,
    ]);
  }

  /** Goes on with a conversation of its own. */
  async #attend(dice: Random, id: string): Promise<void> {
    const what = dice.next();
    if (what < 0.45) return this.#say(dice, id, this.#me);
    if (what < 0.7) return this.#change(dice, id, "release", { to: "ai" });
    if (what < 0.78) return this.#change(dice, id, "release", { to: "queue" });
    if (what < 0.86) return this.#change(dice, id, "close", {});
    if (what < 0.94) {
      const colleague = pickFrom(dice, this.#options.team);
      return this.#change(dice, id, "assign", { operatorId: colleague?.id });
    }
    return this.#change(dice, id, "take", {});
  }

  /** Follows a reply as the console does, to its end. */
  #watch(random: Random, conversationId: string, jobId: string): void {
    const { testbed, runLog } = this.#options;
    const job = { visitor: this.#visitor, jobId, conversationId, text: "", sentAt: 0, acceptedAt: 0 };
    const following = followStream({
      testbed,
      runLog,
      random,
      job: { ...job, token: this.#me.key },
      root: "/api/operator",
    });
    this.#following.add(following);
    void following.finally(() => this.#following.delete(following));
  }

  async #change(dice: Random, id: string, act: OperatorAct, body: object): Promise<void> {
    const answer = await this.#send(dice, id, { act, body, by: this.#me });
    if (answer === undefined || answer.status === 404) return this.#forget(id);
    if (answer.status !== 200) this.#mine.delete(id);
    else if (act === "take") this.#mine.add(id);
    else this.#mine.delete(id);
  }

  /** Sends a message until its fate is known, sometimes again after that. */
  async #say(dice: Random, conversationId: string, by: DeskOperator): Promise<void> {
    const text = `o${this.#options.number} says ${++this.#said}: ${dice.pick(["Hello, I am here.", "grüße 😀", "¿dónde?"])}`;
    const record: OperatorMessageRecord = { conversationId, text, messageId: undefined, outcome: "unknown" };
    const again = dice.chance(0.2);
    const send = { act: "messages", body: { text }, by, key: dice.uuid() } as const;
    this.#options.runLog.operatorMessages.push(record);
    const answer = await this.#send(dice, conversationId, send);
    if (answer?.status !== 201) {
      record.outcome = answer === undefined ? "unknown" : "refused";
      return;
    }
    record.outcome = "stored";
    record.messageId = operatorMessageAnswer.parse(answer.body).message.id;
    if (by === this.#me) this.#mine.add(conversationId);
    const second = again ? await this.#send(dice, conversationId, send) : undefined;
    if (second?.status === 201 && operatorMessageAnswer.parse(second.body).message.id !== record.messageId)
      this.#options.runLog.breach("an operator's message stands once", `its key gave another message: "${text}"`);
  }

  /**
   * Repeats a change until it is answered.
   * @returns `undefined`: it was answered against the rules
   */
  async #send(dice: Random, id: string, { act, body, by, key }: Act): Promise<ChaosAnswer | undefined> {
    const { testbed, runLog } = this.#options;
    for (;;) {
      const answer = await request(runLog, {
        api: pickApi(testbed, dice),
        visitor: this.#visitor,
        route: `POST ${act}`,
        path: `/api/operator/conversations/${id}/${act}`,
        token: by.key,
        key,
        body,
      });
      if (answer && answer.status !== 503) {
        if (isExpected(answer) || (answer.status === 404 && runLog.deleted.has(id))) return answer;
        const said = `${act} of ${id}: ${answer.status} ${JSON.stringify(answer.body)}`;
        runLog.breach("operators' requests are answered", said);
        return undefined;
      }
      await sleep(dice.between(50, 500));
    }
  }
}

interface Act {
  act: OperatorAct;
  body: object;
  by: DeskOperator;
  key?: string;
}

function isExpected({ status, problem }: ChaosAnswer): boolean {
  return status === 200 || status === 201 || problem === "handled" || problem === "not-theirs";
}

function pickFrom<T>(random: Random, list: readonly T[]): T | undefined {
  return list[random.between(0, Math.max(0, list.length - 1))];
}
