import {
  directVisitor,
  floorVisitor,
  makeVisitors,
  naiveVisitor,
  parleyVisitor,
  type BenchVisitor,
  type VisitorKind,
} from "../clients/visitors.ts";
import { closedLoop } from "../clients/closed-loop.ts";
import type { Contender } from "../figure.ts";
import type { Usage } from "./measured-process.ts";
import { startFloor, startNaive } from "../baselines/start-baseline.ts";
import { startParley } from "./parley.ts";
import { noDelay } from "./provider.ts";
import type { Testbed } from "./testbed.ts";

/** Contender that can be asked for a whole chat. */
export interface RunningContender {
  visitors(count: number): BenchVisitor[];
  usage(): Usage;
}

type Name = keyof typeof openers;
export type RunningContenders = Partial<Record<Name, RunningContender>>;

/**
 * Compiled code runs several times as fast, and compiling takes some thousand chats. So the same processes serve all
 * scenarios, and begin warm.
 */
const warmUp = { clients: 32, chats: 1500, ms: 8000 };

/** All members that answer chats. Each is started when a scenario first needs it, and runs until the end. */
export class Contenders implements AsyncDisposable {
  readonly #testbed: Testbed;
  readonly #ms: (usual: number) => number;
  readonly #stack = new AsyncDisposableStack();
  readonly #members: RunningContenders = {};

  constructor(testbed: Testbed, ms: (usual: number) => number) {
    this.#testbed = testbed;
    this.#ms = ms;
  }

  /** Returns those of the wanted members available here: most need Redis. */
  async take(names: readonly Name[]): Promise<RunningContenders> {
    const able = names.filter((name) => this.#testbed.hasRedis || name === "direct" || name === "parleyPg");
    const missing = able.filter((name) => this.#members[name] === undefined);
    const opened = await Promise.all(missing.map((name) => this.#open(name)));
    await this.#testbed.provider.pace(noDelay);
    // Warmed up one by one: in parallel they would only wait for each other.
    for (const member of opened) await this.#warmUp(member);
    return Object.fromEntries(able.map((name) => [name, this.#members[name]]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #open(name: Name): Promise<RunningContender> {
    const { open, kind } = openers[name];
    const started = this.#stack.use(await open(this.#testbed));
    const member: RunningContender = {
      visitors: (count) => makeVisitors(kind, started.origin, count),
      usage: () => started.usage(),
    };
    this.#members[name] = member;
    return member;
  }

  async #warmUp(member: RunningContender): Promise<void> {
    const visitors = member.visitors(warmUp.clients);
    await closedLoop(visitors, (visitor) => visitor.chat(), { ms: this.#ms(warmUp.ms), most: warmUp.chats });
    await Promise.all(visitors.map((visitor) => visitor.close()));
  }
}

interface Opened extends AsyncDisposable {
  origin: string;
  usage(): Usage;
}

interface Opener {
  open: (testbed: Testbed) => Promise<Opened>;
  kind: VisitorKind;
}

const openers = {
  direct: { open: async ({ provider }) => provided(provider), kind: directVisitor },
  naive: { open: startNaive, kind: naiveVisitor },
  floor2: { open: startFloor, kind: floorVisitor },
  parley: { open: (testbed) => startParley(testbed, { backend: "redis" }), kind: parleyVisitor },
  parleyPg: { open: (testbed) => startParley(testbed, { backend: "postgres" }), kind: parleyVisitor },
} satisfies Partial<Record<Contender, Opener>>;

/** Wraps the testbed's provider, which is not closed with the contenders. */
function provided({ origin, child }: Testbed["provider"]): Opened {
  return { origin, usage: () => child.usage(), [Symbol.asyncDispose]: async () => undefined };
}
