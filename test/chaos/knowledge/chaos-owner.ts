import { setTimeout as sleep } from "node:timers/promises";
import { helpPage } from "../../system/knowledge/site-server.ts";
import { type ChaosAnswer, request } from "../api-request.ts";
import { pickApi } from "../follow-reply.ts";
import { Random } from "../random.ts";
import { operatorNumbers, type RequestRecord, type RunLog } from "../run-log.ts";
import type { ChaosTestbed } from "../testbed.ts";

interface OwnerOptions {
  seed: number;
  testbed: ChaosTestbed;
  runLog: RunLog;
  /** Key of an operator. */
  key: string;
}

const ownerCount = 3;
/** Number of the first owner among those who make requests. */
const firstNumber = operatorNumbers + 50;
/** Sources of an owner that stand at once. */
const mostSources = 4;

/** Sentences with words of what visitors say; each gets a word that no other text has. */
const sentences = [
  "Where your order is, you see in your account",
  "Say hello to our team at the desk",
  "Grüße aus Berlin: the shop opens at nine 😀",
  "¿Dónde? This way, please",
  "東京にも送ります",
] as const;

/** Path of a page by the id of its source; a question has none. */
type Pages = Map<string, string | undefined>;

/** Lets the owners of the site work until the signal. */
export function startOwners(options: OwnerOptions, signal: AbortSignal): Promise<unknown> {
  const owners = Array.from({ length: ownerCount }, async (_, number) => {
    try {
      await new ChaosOwner(options, number).work(signal);
    } catch (error) {
      const said = error instanceof Error ? error.stack : String(error);
      options.runLog.breach("the harness itself works", `owner ${number}: ${said}`);
    }
  });
  return Promise.all(owners);
}

/** An owner of the site: adds sources, changes what they say, and takes them away. Sources and random numbers are its own. */
class ChaosOwner {
  readonly #options: OwnerOptions;
  readonly #number: number;
  readonly #random: Random;
  readonly #standing: Pages = new Map();
  #texts = 0;

  constructor(options: OwnerOptions, number: number) {
    this.#options = options;
    this.#number = firstNumber + number;
    this.#random = new Random(options.seed * 1000 + 900 + number);
  }

  /** Works until the signal; a change once begun is made. */
  async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // Drawn before any slow work, so that the order of random numbers is equal in each run.
      const dice = new Random(this.#random.between(0, 2 ** 30));
      await sleep(dice.between(50, 400));
      const chosen = [...this.#standing.keys()][dice.between(0, mostSources - 1)];
      if (chosen === undefined) await this.#add(dice);
      else if (dice.chance(0.2)) await this.#delete(dice, chosen);
      else if (this.#standing.get(chosen) !== undefined) await this.#change(dice, chosen);
    }
  }

  async #add(dice: Random): Promise<void> {
    const {
      testbed: { site },
      runLog,
    } = this.#options;
    const { text, mark } = this.#write(dice);
    const path = dice.chance(0.5) ? `/page-${this.#number}-${this.#texts}` : undefined;
    if (path !== undefined) site.pages.set(path, helpPage("Help", text));
    const page = { kind: "page", url: `${site.url}${path}` };
    const question = { kind: "question", question: "Where is my order?", answer: text };
    const answer = await this.#send(dice, "POST sources", {
      path: "",
      key: dice.uuid(),
      body: path === undefined ? question : page,
    });
    const { id } = answer.body as { id?: string };
    if (answer.status !== 201 || id === undefined) return this.#refuse("POST sources", answer);
    this.#standing.set(id, path);
    runLog.sources.set(id, { mark, deleted: false });
  }

  /** Changes a page, or takes it from the site, and has it read again. */
  async #change(dice: Random, id: string): Promise<void> {
    const {
      testbed: { site },
      runLog,
    } = this.#options;
    const path = this.#standing.get(id) ?? "";
    const { text, mark } = this.#write(dice);
    const stays = dice.chance(0.75);
    if (stays) site.pages.set(path, helpPage("Help", text));
    else site.pages.delete(path);
    runLog.sources.set(id, { mark: stays ? mark : undefined, deleted: false });
    const answer = await this.#send(dice, "POST refresh", { path: `/${id}/refresh` });
    if (answer.status !== 200) this.#refuse("POST refresh", answer);
  }

  async #delete(dice: Random, id: string): Promise<void> {
    this.#standing.delete(id);
    this.#options.runLog.sources.set(id, { mark: undefined, deleted: true });
    const answer = await this.#send(dice, "DELETE source", { path: `/${id}` });
    // A repeated deletion finds it gone.
    if (answer.status !== 204 && answer.status !== 404) this.#refuse("DELETE source", answer);
  }

  /** Writes a few sentences with a mark that tells them from all others. */
  #write(dice: Random): { text: string; mark: string } {
    const mark = `text${++this.#texts}of${this.#number}`;
    const all = Array.from({ length: dice.between(1, 4) }, () => `${dice.pick(sentences)}, ${mark}.`);
    return { text: all.join(" "), mark };
  }

  #refuse(route: string, { status, body }: ChaosAnswer): void {
    this.#options.runLog.breach("owners' requests are answered", `${route}: ${status} ${JSON.stringify(body)}`);
  }

  /** Repeats a request until it is answered. */
  async #send(
    dice: Random,
    route: RequestRecord["route"],
    { path, key, body }: { path: string; key?: string; body?: object },
  ): Promise<ChaosAnswer> {
    const { testbed, runLog, key: token } = this.#options;
    for (;;) {
      const api = pickApi(testbed, dice);
      const call = { api, visitor: this.#number, route, path: `/api/operator/sources${path}`, token, key, body };
      const answer = await request(runLog, call);
      if (answer && answer.status !== 503) return answer;
      await sleep(dice.between(50, 500));
    }
  }
}
